"""Blocks that are kept as files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.drawings import layer
from nnstudio.core.block_files import read_block, read_blocks, write_block
from nnstudio.core.blocks import DEEPEST, Block, group
from nnstudio.core.graph import Graph
from nnstudio.core.project_json import block_to_json


def block(name: str = "Twice") -> Block:
    graph, first = Graph().add(layer("BlockInput"))
    graph, middle = graph.add(layer("ReLU"))
    graph, last = graph.add(layer("BlockOutput"))
    return Block(name=name, about="Nothing new.", repeat=2, graph=graph.wire(first, middle).wire(middle, last))


def test_a_block_comes_back(tmp_path: Path) -> None:
    path = write_block(tmp_path / "blocks", block())
    assert read_block(path) == block()
    other = block("A:b/c..")
    assert write_block(tmp_path / "blocks", other).parent == tmp_path / "blocks"
    write_block(tmp_path / "blocks", block("con"))
    found, wrong = read_blocks(tmp_path / "blocks")
    assert [item.name for _, item in found] == ["A:b/c..", "con", "Twice"] and wrong == []
    assert write_block(tmp_path / "blocks", block()) == path
    assert read_blocks(tmp_path / "nothing") == ([], [])


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"name": "Linear"}',
        '{"name": "Block"}',
        '{"name": "Block", "settings": {"repeat": 0}, "graph": {"nodes": []}}',
        '{"name": "Block", "settings": {"colour": 1}, "graph": {"nodes": []}}',
        '{"name": "Block", "settings": [], "graph": {"nodes": []}}',
        '{"name": "Block", "settings": {"repeat": 1e400}, "graph": {"nodes": []}}',
        "{" * 100_000,
    ],
)
def test_a_file_without_a_block_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "x.json").write_text(text, encoding="utf-8")
    write_block(tmp_path, block())
    found, wrong = read_blocks(tmp_path)
    assert len(found) == 1 and len(wrong) == 1
    assert wrong[0].startswith("x.json holds no block that can be read: ")


def test_blocks_lie_in_each_other_only_so_deep(tmp_path: Path) -> None:
    inner = block()
    for _ in range(DEEPEST - 1):
        graph, _ = Graph().add(inner)
        inner = Block(graph=graph)
    assert read_block(write_block(tmp_path, inner)) == inner
    graph, node = Graph().add(inner)
    with pytest.raises(ValueError, match="lie in each other"):
        group(graph, [node.id], layer("BlockInput"), layer("BlockOutput"))
    (tmp_path / "deep.json").write_text(json.dumps(block_to_json(Block(graph=graph))), encoding="utf-8")
    with pytest.raises(ValueError, match="lie in each other"):
        read_block(tmp_path / "deep.json")
