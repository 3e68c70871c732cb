"""What goes to the clipboard comes back; what comes from elsewhere is not trusted."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnstudio.core.kinds import Missing
from nnstudio.ui.canvas.clipboard import ClipboardError, from_text, to_text
from ui.canvas_projects import residual_graph


def test_it_comes_back_as_it_went():
    graph = residual_graph()
    part = from_text(to_text(graph, ["n3", "n4", "n5"]))
    assert {node.title for node in part.nodes.values()} == {"relu", "add", "hidden_2"}
    assert part.nodes == {node_id: graph.nodes[node_id] for node_id in ("n3", "n4", "n5")}
    assert {(edge.source, edge.target) for edge in part.edges} == {("n3", "n4"), ("n3", "n5"), ("n5", "n4")}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[" * 100_000,
        "null",
        "[]",
        "{}",
        '{"nnstudio_layers": 1}',
        '{"nnstudio_layers": 1, "graph": []}',
        '{"nnstudio_layers": 1, "graph": {"nodes": []}}',
        '{"nnstudio_layers": 1, "graph": {"nodes": [{}]}}',
        '{"nnstudio_layers": 7, "graph": {"nodes": []}}',
        '{"nnstudio_layers": 1, "graph": {"nodes": [{"id": "a b", "title": "x", "layer": {"name": "ReLU"}}]}}',
        '{"nnstudio_layers": 1, "graph": {"nodes": [{"id": "a", "title": "x", "layer": 3}]}}',
        '{"nnstudio_layers": 1, "graph": {"nodes": [{"id": "a", "title": "x", "layer": {"name": "ReLU"}}],'
        ' "edges": [["a", "output", "b", "input"]]}}',
    ],
    ids=range(14),
)
def test_bad_text_is_refused_in_one_sentence(text):
    with pytest.raises(ClipboardError) as refused:
        from_text(text)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("position", [[float("nan"), 0], [1e300, -1e300], [10**400, 0]])
def test_a_place_outside_the_world_is_refused_or_brought_inside(position):
    written = json.loads(to_text(residual_graph(), ["n3"]))
    written["graph"]["nodes"][0]["position"] = position
    try:
        part = from_text(json.dumps(written))
    except ClipboardError:
        return
    assert all(abs(number) <= 1e9 for number in part.nodes["n3"].position)


def test_a_layer_of_another_version_is_kept():
    written = json.loads(to_text(residual_graph(), ["n3"]))
    written["graph"]["nodes"][0]["layer"] = {"name": "Quux", "settings": {"a": 1}}
    part = from_text(json.dumps(written))
    assert isinstance(part.nodes["n3"].layer, Missing)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=12,
)


_PLACES = [
    ("graph",),
    ("graph", "nodes"),
    ("graph", "nodes", 0),
    ("graph", "nodes", 0, "layer"),
    ("graph", "nodes", 0, "position"),
    ("graph", "nodes", 1, "layer", "settings"),
    ("graph", "edges"),
    ("graph", "edges", 0),
    ("graph", "created"),
    ("nnstudio_layers",),
]


@given(_JSON, st.sampled_from(_PLACES))
def test_damage_anywhere_is_refused_or_harmless(value, path):
    written = json.loads(to_text(residual_graph(), ["n2", "n3", "n4"]))
    place = written
    for step in path[:-1]:
        place = place[step]
    place[path[-1]] = value
    try:
        graph = from_text(json.dumps(written))
    except ClipboardError:
        return
    pasted, ids = residual_graph().paste(graph)
    assert set(ids) <= pasted.nodes.keys()
