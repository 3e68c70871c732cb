"""A project file is a stranger's: every value in it is checked, and what is wrong is said in a sentence."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.drawings import layer, same
from core.files import changed, contents
from core.hostile import GOOD, HUGE, MEGABYTE, PROJECT, drawn, in_little_memory, opened, written
from nnstudio.core import storage
from nnstudio.core.graph import Edge
from nnstudio.core.kinds import Missing
from nnstudio.core.storage import Stored


def filled(piece: bytes, megabytes: int = 7, opening: bytes = b"[", closing: bytes = b"0]") -> bytes:
    return changed(GOOD, project_json=opening + piece * (megabytes * MEGABYTE // len(piece)) + closing)


JSON = {
    "deep": (lambda: filled(b"[", 1, b"", b"]" * MEGABYTE), "it is nested too deeply"),
    "deep objects": (lambda: changed(GOOD, project_json=b'{"a":' * 10**5 + b"1" + b"}" * 10**5), "nested too deeply"),
    "deep settings": (
        lambda: changed(GOOD, project_json=contents(GOOD)["project.json"].replace(b"3", b"[" * 65 + b"]" * 65, 1)),
        "it is nested too deeply",
    ),
    "wide": (lambda: filled(b"[]," + b" " * 3 + b"\n" * 2), "it holds more than 1,000,000 values"),
    "wide objects": (lambda: filled(b'{"%s":0},' % b"a" * 1), "it holds more than 1,000,000 values"),
    "numbers": (lambda: filled(b"1.5,"), "it holds more than 1,000,000 values"),
    "brackets in a text": (lambda: filled(b"[{", 7, b'"', b'"'), "it is the text"),
    "quotes in a text": (lambda: filled(b'\\"', 7, b'"', b'"'), "it is the text"),
    "backslashes in a text": (lambda: filled(b"\\\\", 7, b'"', b'"'), "it is the text"),
    "an open text": (lambda: filled(b'\\"', 7, b'"', b""), "not valid JSON (Unterminated string"),
    "a long number": (lambda: filled(b"1", 1, b"", b""), "is not valid JSON (Exceeds the limit"),
    "not text": (lambda: changed(GOOD, project_json=b"\xff\xfe{}"), "is not valid JSON ('utf-8' codec"),
    "nothing": (lambda: changed(GOOD, project_json=b""), "is not valid JSON"),
    "not a number": (lambda: changed(GOOD, project_json=b'{"format": NaN}'), "NaN is not a number"),
    "infinity": (lambda: changed(GOOD, project_json=b'{"format": -Infinity}'), "-Infinity is not a number"),
    "a number too large": (lambda: changed(GOOD, project_json=b'{"format": 1e999}'), "1e999 is too large a number"),
    "named twice": (lambda: changed(GOOD, project_json=b'{"format": 1, "format": 1}'), "something is named twice"),
    "half a character": (lambda: changed(GOOD, project_json=b'{"title": "\\ud800"}'), "not valid JSON ('utf-8' codec"),
    "two values": (lambda: changed(GOOD, project_json=b"{} {}"), "is not valid JSON (Extra data"),
}  # fmt: skip


@pytest.mark.parametrize("case", JSON)
def test_json_that_is_too_much_is_refused(path: Path, case: str) -> None:
    make, words = JSON[case]
    data = make()
    with in_little_memory():
        sentence = opened(path, data)
    assert isinstance(sentence, str)
    assert words in sentence


def test_text_of_any_kind_is_no_structure(path: Path) -> None:
    """Brackets, quotes and backslashes in a text do not count, wherever the pieces are cut in which it is measured."""
    rng = random.Random(0)
    for _ in range(20):
        notes = "".join(rng.choices('\\"[]{},:\n\u2028a', k=rng.choice([3, 100, 5000])))
        project = replace(PROJECT, notes=notes * rng.choice([1, 1, 1, 300]))
        found = opened(path, storage.to_bytes(project))
        assert isinstance(found, Stored)
        assert found.project == project


# -- drawings that make no sense ---------------------------------------------------------------------------------------


NODE = {"id": "n1", "title": "a", "layer": {"name": "ReLU", "settings": {}}, "position": [0, 0]}
DRAWINGS: list[tuple[Any, str]] = [
    (b"null", "it is nothing, not an object"),
    ([], "it is the list [], not an object"),
    ({}, "its format is nothing, not 1"),
    (written(format=True), "its format is yes, not 1"),
    (written(format="1"), "its format is the text '1', not 1"),
    (written(format=0), "its format is 0, not 1"),
    (written(format=HUGE), "was saved by a newer NN Studio (format 1000"),
    (written(format=2), "was saved by a newer NN Studio (format 2; this one reads up to 1)"),
    (written(graph=None), "graph: it has no list of nodes"),
    (written(graph={"nodes": {}}), "graph: it has no list of nodes"),
    (written(title=3), "title is 3, not a text"),
    (written(notes=["x"] * 1000), "notes is the list ['x', 'x', "),
    (written(data=[]), "data is the list [], not an object"),
    (written(data={"trusted": True}), "data has no setting called 'trusted'"),
    (written(data={"dataset": {"name": "os.system"}}), "data: dataset: there is no dataset called 'os.system'"),
    (written(data={"dataset": "/etc/passwd"}), "data: dataset: dataset needs an object"),
    (written(data={"dataset": {"name": "Iris", "settings": {"x": 1}}}), "data: dataset: settings needs only"),
    (written(data={"test_share": HUGE}), "test_share needs a number from 0 to 0.9, but got 1000"),
    (written(data={"test_share": "0,2"}), "test_share needs a number from 0 to 0.9, but got the text '0,2'"),
    (written(data={"random_state": -1}), "random_state needs a whole number from 0 to 4294967295, but got -1"),
    (written(data={"standardise": 1}), "standardise needs yes or no"),
    (written(training={"epochs": 1.5}), "epochs needs a whole number from 1 to 10000000, but got 1.5"),
    (written(training={"epochs": HUGE}), "epochs needs a whole number"),
    (written(training={"batch_size": 0}), "batch_size needs a whole number"),
    (written(training={"device": ["cpu"]}), "device needs one of auto, cpu, cuda, mps, but got the list ['cpu']"),
    (written(training={"device": "cuda:0"}), "device needs one of auto"),
    (written(training={"optimizer": {"name": "Adam", "settings": {"lr": HUGE}}}), "training: optimizer: lr needs"),
    (written(training={"schedule": 1}), "training: schedule: schedule needs"),
    (drawn(nodes=[1]), "graph: node 1 is 1, not an object"),
    (drawn(nodes=[NODE | {"id": 1}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n1\n"}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n" * 65}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"id": "n１"}]), "graph: node 1 has no proper id"),
    (drawn(nodes=[NODE | {"title": None}]), "graph: node n1 has no title"),
    (drawn(nodes=[NODE | {"position": [0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": ["0", "0"]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": [True, 0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"position": [None, 0]}]), "graph: node n1 has no proper position"),
    (drawn(nodes=[NODE | {"layer": None}]), "graph: the layer of node n1 is nothing, not an object with a name"),
    (drawn(nodes=[NODE | {"layer": {"name": 3}}]), "graph: the layer of node n1 is a value of type dict"),
    (drawn(nodes=[NODE | {"layer": {"name": "x" * 201}}]), "graph: the layer of node n1 is"),
    (drawn(edges={}), "graph: its wires are not a list"),
    (
        drawn(edges=[["n1", "output", "n2"]]),
        "graph: wire 1 is the list ['n1', 'output', 'n2'], not a list of four texts",
    ),
    (drawn(edges=[[1, 2, 3, 4]]), "graph: wire 1 is the list [1, 2, 3, 4], not a list of four texts"),
    (drawn(edges=["abcd"]), "graph: wire 1 is the text 'abcd', not a list of four texts"),
    (drawn(created=-1), "graph: created is -1, not a whole number"),
    (drawn(created=HUGE), "graph: created is 1000"),
    (drawn(created="3"), "graph: created is the text '3', not a whole number"),
    (drawn(nodes=[NODE | {"id": f"n{i}"} for i in range(20_001)]), "graph: it has more than 20,000 nodes"),
]


@pytest.mark.parametrize(("project", "words"), DRAWINGS, ids=range(len(DRAWINGS)))
def test_what_is_no_project_is_refused_in_words(path: Path, project: Any, words: str) -> None:
    sentence = opened(path, changed(GOOD, project_json=project))
    assert isinstance(sentence, str)
    assert words in sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"nodes": [*written()["graph"]["nodes"], NODE]}, "node 4 (a) has the id n1 of another node"),
        ({"edges": [["n1", "output", "n9", "input"]]}, "wire 1 ends at a node 'n9' that is not there"),
        ({"edges": [["n9", "output", "n1", "input"]]}, "wire 1 ends at a node 'n9' that is not there"),
        ({"edges": [["n1", "side", "n2", "input"]]}, "wire 1 ends at input, which has no port called 'side'"),
        ({"edges": [["n1", "output", "n2", "side"]]}, "wire 1 ends at Hidden, which has no port called 'side'"),
        (
            {"edges": [["n1", "output", "n2", "input"], ["n2", "output", "n2", "input"]]},
            "wire 2 is the second that ends at Hidden, input 'input'",
        ),
        (
            {"edges": [["n1", "output", "n9", "input"]] * 3},
            "wire 1 ends at a node 'n9' that is not there and 2 more like it",
        ),
    ],
)
def test_what_leads_nowhere_is_left_out_and_said(path: Path, changes: dict[str, Any], words: str) -> None:
    found = opened(path, changed(GOOD, project_json=drawn(**changes)))
    assert isinstance(found, Stored)
    assert found.notices == (f"In the drawing, {words}; it was left out.",)
    assert list(found.project.graph.nodes.values()) == list(PROJECT.graph.nodes.values())
    with pytest.raises(ValueError, match=re.escape(words)):  # the clipboard, where nobody reads notices
        storage.graph_from_json(written()["graph"] | changes)


def test_a_circle_opens_for_the_canvas_to_show(path: Path) -> None:
    wires = [["n2", "output", "n2", "input"]]
    found = opened(path, changed(GOOD, project_json=drawn(edges=wires)))
    assert isinstance(found, Stored)
    assert found.project.graph.edges == (Edge("n2", "output", "n2", "input"),)
    assert found.project.graph.cycle() == ["n2"]


def test_hints_that_a_file_may_be_trusted_are_left_out_and_said(path: Path) -> None:
    node = NODE | {"layer": NODE["layer"] | {"sys.path": "/tmp"}, "plugin": "x"}  # type: ignore[operator]
    project = drawn(nodes=[node], edges=[]) | {"trusted": True, "safe_mode": False}
    found = opened(path, changed(GOOD, project_json=project))
    assert isinstance(found, Stored)
    assert found.notices == (
        "What this version does not know was left out: 'plugin', 'safe_mode', 'sys.path' and more.",
    )


@pytest.mark.parametrize(
    "name", ["os.system", "torch.hub.load", "__import__", "builtins.eval", "Missing", "../Linear", "\u202e\x00", ""]
)
def test_a_layer_by_any_other_name_is_an_inert_placeholder(path: Path, name: str) -> None:
    node = NODE | {"layer": {"name": name, "settings": {"__class__": "x", "args": ["rm -rf /"]}}, "title": name}
    found = opened(path, changed(GOOD, project_json=drawn(nodes=[node], edges=[])))
    assert isinstance(found, Stored)
    kept = found.project.graph.nodes["n1"]
    assert isinstance(kept.layer, Missing)
    assert kept.layer.name == name
    assert kept.layer.reason.isprintable()
    assert kept.title.isprintable()
    assert storage.project_to_json(found.project)["graph"]["nodes"][0]["layer"] == node["layer"]


def test_ids_of_any_form_are_kept_and_never_used_again(path: Path) -> None:
    ids = ["n7", "n007", "a", "n999999999999", "N8", "-", "n8x"]
    project = drawn(nodes=[NODE | {"id": node_id} for node_id in ids], edges=[], created=3)
    found = opened(path, changed(GOOD, project_json=project))
    assert isinstance(found, Stored)
    assert list(found.project.graph.nodes) == ids
    assert len({node.title for node in found.project.graph.nodes.values()}) == len(ids)
    graph, node = found.project.graph.add(layer("ReLU"))
    assert node.id == "n1000000000000"
    assert len(graph.nodes) == len(ids) + 1


@pytest.mark.parametrize("title", ["same", "数", "x_2", "a" * 90])
def test_twenty_thousand_nodes_of_one_title_open_at_once(path: Path, title: str) -> None:
    nodes = [
        {"id": f"n{i}", "title": title, "layer": {"name": "Quux" if i % 2 else "ReLU", "settings": {}}}
        for i in range(20_000)
    ]
    wires = [[f"n{i}", "output", f"n{i + 1}", "input"] for i in range(19_999)]
    data = changed(GOOD, project_json=drawn(nodes=nodes, edges=wires))
    found = opened(path, data)
    assert isinstance(found, Stored)
    assert len({node.title for node in found.project.graph.nodes.values()}) == 20_000


# -- anything ----------------------------------------------------------------------------------------------------------


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


def places(value: Any, way: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [way] * bool(way) + [place for key, item in items for place in places(item, (*way, key))]


@settings(max_examples=200)
@given(data=st.data(), entry=st.sampled_from(["project.json", "checkpoint.json"]))
def test_anything_in_any_place_is_a_sentence_a_notice_or_a_setting(
    folder: Path, data: st.DataObject, entry: str
) -> None:
    """With a manifest that is right: nothing but the checks of each value stands in the way."""
    value = json.loads(contents(GOOD)[entry])
    *way, last = data.draw(st.sampled_from(places(value)))
    holder = value
    for key in way:
        holder = holder[key]
    if data.draw(st.booleans()) or isinstance(holder, list):
        holder[last] = data.draw(json_values)
    else:
        del holder[last]
    path = folder / "bad.nnstudio"
    found = opened(path, changed(GOOD, **{entry.replace(".", "_"): json.dumps(value).encode()}))
    if isinstance(found, str):
        assert entry == "project.json"
        return
    assert all(notice.isprintable() for notice in found.notices)
    again = storage.to_bytes(found.project, found.checkpoint)
    path.write_bytes(again)
    stored = storage.read(path)
    assert stored.notices == ()
    assert stored.project == found.project
    assert same(found.checkpoint, stored.checkpoint)
    if entry == "checkpoint.json":
        assert found.project == PROJECT
        assert (found.checkpoint is None) == bool(found.notices)
