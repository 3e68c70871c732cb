"""Every Spec of every kind passes the same tests, whoever wrote it."""

from __future__ import annotations

import importlib
import inspect
import json
import operator
import sys
import typing
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import nnstudio.library
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Dataset, Layer, Loss, Metric, Optimizer, Schedule
from nnstudio.core.spec import Setting, Spec, SpecError, from_json, registered, to_json
from nnstudio.engine.compiler import _evaluate, compile_network

KINDS = (Layer, Loss, Optimizer, Schedule, Dataset, Metric)
EVERY = [spec for kind in KINDS for spec in registered(kind).values()]
LAYERS = list(registered(Layer).values())


def kind_of(spec: type[Spec]) -> type[Spec]:
    return next(kind for kind in KINDS if issubclass(spec, kind))


def values(setting: Setting) -> st.SearchStrategy:
    """Values that a setting may have."""
    limits = setting.limits
    if setting.kind is not None:
        return st.sampled_from([spec() for spec in registered(setting.kind).values()])
    wanted = {part for part in typing.get_args(setting.type) if part is not type(None)} or {setting.type}
    if limits.choices:
        found: st.SearchStrategy = st.sampled_from(limits.choices)
    elif bool in wanted:
        found = st.booleans()
    elif float in wanted:
        low = limits.minimum if limits.minimum is not None else -1e6
        high = limits.maximum if limits.maximum is not None else 1e6
        found = st.floats(low, high, exclude_min=limits.above_minimum)
    else:
        low, high = int(limits.minimum if limits.minimum is not None else -50), int(min(limits.maximum or 50, 50))
        whole = st.integers(low, high)
        if typing.get_origin(setting.type) is tuple or any(typing.get_args(part)[1:] == (...,) for part in wanted):
            found = st.lists(whole, min_size=1, max_size=4).map(tuple)
        elif wanted == {int}:
            found = whole
        else:
            found = whole | st.tuples(whole, whole)
    return found | st.none() if setting.optional else found


@st.composite
def specs(draw: st.DrawFn, spec: type[Spec]) -> Spec:
    """A Spec with any settings that it accepts (some depend on each other: nesterov needs momentum)."""
    try:
        return spec(**{setting.name: draw(values(setting)) for setting in spec.settings()})
    except SpecError:
        return spec()


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: f"{spec.kind}-{spec.__name__}")
class TestEverySpec:
    def test_is_explained_in_sentences(self, spec: type[Spec]) -> None:
        assert spec.sentence().endswith((".", "!")), "the first sentence of the docstring is the tooltip"
        for setting in spec.settings():
            assert setting.limits.sentence.endswith("."), setting.name

    def test_is_made_of_defaults(self, spec: type[Spec]) -> None:
        value = spec()
        assert value == spec() and value.with_() == value
        assert spec.title and spec.kind
        for setting in spec.settings():
            assert getattr(value, setting.name) == setting.default

    def test_is_alone_in_its_file(self, spec: type[Spec]) -> None:
        others = [other for other in EVERY if other.__module__ == spec.__module__]
        assert others == [spec]

    @given(data=st.data())
    def test_survives_json(self, spec: type[Spec], data: st.DataObject) -> None:
        value = data.draw(specs(spec))
        written = json.loads(json.dumps(to_json(value)))
        assert from_json(kind_of(spec), written) == value
        assert hash(value) == hash(from_json(kind_of(spec), written))

    def test_refuses_what_it_does_not_know(self, spec: type[Spec]) -> None:
        with pytest.raises(SpecError, match="colour"):
            from_json(kind_of(spec), {"name": spec.__name__, "settings": {"colour": 1}})
        for setting in spec.settings():
            for wrong in ({"a": 1}, [[1]], "3); import os #", 1e400):
                if setting.limits.choices is None and setting.type is str and isinstance(wrong, str):
                    continue
                with pytest.raises(ValueError, match=r"needs|there is no"):
                    from_json(kind_of(spec), {"name": spec.__name__, "settings": {setting.name: wrong}})


# A shape of one row that each layer takes; layers that are not here take [B, 6].
INPUTS: dict[str, tuple[TensorType, ...]] = {
    "Input": (TensorType((6,)),),
    "Bilinear": (TensorType((6,)), TensorType((5,))),
    "Embedding": (TensorType((7,), "int64"),),
    "Conv1d": (TensorType((4, 9)),),
    "Conv2d": (TensorType((4, 9, 8)),),
    "MaxPool1d": (TensorType((4, 9)),),
    "MaxPool2d": (TensorType((4, 9, 8)),),
    "AvgPool2d": (TensorType((4, 9, 8)),),
    "AdaptiveAvgPool2d": (TensorType((4, 9, 8)),),
    "BatchNorm2d": (TensorType((4, 3, 2)),),
    "Flatten": (TensorType((4, 3, 2)),),
    "Reshape": (TensorType((64,)),),
    "Add": (TensorType((6,)), TensorType((6,))),
    "Multiply": (TensorType((6,)), TensorType((6,))),
    "Concatenate": (TensorType((6,)), TensorType((4,))),
}


def inputs(spec: type[Layer]) -> tuple[TensorType, ...]:
    return INPUTS.get(spec.__name__, (TensorType((6,)),))


def tensors(types: tuple[TensorType, ...], batch: int) -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(batch)
    return [
        torch.randint(0, 100, (batch, *kind.shape), generator=generator)
        if kind.dtype == "int64"
        else torch.randn((batch, *kind.shape), generator=generator, requires_grad=True)
        for kind in types
    ]


@pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: spec.__name__)
class TestEveryLayer:
    def test_says_what_it_is(self, spec: type[Layer]) -> None:
        assert spec.category != "Other"
        assert spec.formula or spec.category == "Input and output"
        torch_s_own = inspect.getmodule(spec.torch_class) is not inspect.getmodule(spec)
        assert spec.torch_class is None or torch_s_own or spec.torch_class in spec.own_source
        if spec.reference:
            assert operator.attrgetter(spec.reference.removeprefix("torch."))(torch)
        names = [port.name for port in (*spec().input_ports, *spec().output_ports)]
        assert len(set(names)) == len(names)

    def test_takes_inputs_that_fit(self, spec: type[Layer]) -> None:
        layer = spec()
        types = inputs(spec)
        assert list(layer.check(*types)) == []
        assert layer.summary(*(kind.shape for kind in types)) or spec.__name__ == "Input"

    @pytest.mark.parametrize("batch", [1, 2, 7])
    def test_gives_the_shape_that_was_shown(self, spec: type[Layer], batch: int) -> None:
        layer, types = spec(), inputs(spec)
        shown, parameters, refused = _evaluate(layer, types)
        assert not refused and shown is not None
        module = layer.build(*(kind.shape for kind in types))
        if module is not None:
            module.eval()
            assert parameters == sum(parameter.numel() for parameter in module.parameters())
        output = layer.apply(module, *tensors(types, batch))
        assert tuple(output.shape) == (batch, *shown.shape)
        assert str(output.dtype) == f"torch.{shown.dtype}"

    def test_lets_gradients_through(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        given_ = tensors(types, 4)
        module = layer.build(*(kind.shape for kind in types))
        output = layer.apply(module, *given_)
        (output * torch.arange(1.0, 1 + output.numel()).reshape(output.shape)).sum().backward()
        for tensor in given_:
            assert not tensor.requires_grad or tensor.grad is not None
        for name, parameter in module.named_parameters() if module is not None else ():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name

    def test_rows_do_not_mix_in_evaluation(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        module = layer.build(*(kind.shape for kind in types))
        if module is not None:
            module.eval()
        rows = [tensor.detach() for tensor in tensors(types, 5)]
        whole = layer.apply(module, *rows)
        for row in range(5):
            alone = layer.apply(module, *(tensor[row : row + 1] for tensor in rows))
            assert torch.allclose(alone, whole[row : row + 1], atol=1e-6)

    def test_the_arguments_make_the_same_module_again(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        if spec.torch_class is None:
            return
        arguments = layer.arguments(*(kind.shape for kind in types))
        assert repr(spec.torch_class(**arguments)) == repr(layer.build(*(kind.shape for kind in types)))


def test_a_new_layer_is_one_new_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in the folder is found, registered, checked and compiled; nothing else is touched."""
    (tmp_path / "triple.py").write_text(
        "from nnstudio.core.kinds import Layer\n"
        "from nnstudio.core.spec import field\n\n\n"
        'class Triple(Layer, category="Dense"):\n'
        '    """Makes everything larger."""\n\n'
        '    factor: float = field(3.0, "How much larger.")\n\n'
        "    def apply(self, module, *tensors):\n"
        "        return tensors[0] * self.factor\n",
        encoding="utf-8",
    )
    monkeypatch.setattr(nnstudio.library.layers, "__path__", [*nnstudio.library.layers.__path__, str(tmp_path)])
    try:
        importlib.reload(nnstudio.library)
        layers = registered(Layer)
        graph, first = Graph().add(layers["Input"]())
        graph, middle = graph.add(layers["Triple"](factor=2.0))
        graph, last = graph.add(layers["Output"]())
        graph = graph.wire(first, middle).wire(middle, last)
        network = compile_network(graph, TensorType((4,)))
        assert torch.equal(network(torch.ones(5, 4)), torch.full((5, 4), 2.0))
    finally:
        Spec._registry["layer"].pop("Triple", None)
        sys.modules.pop("nnstudio.library.layers.triple", None)
    assert list(registered(Layer).values()) == LAYERS
