"""Every Spec of every kind passes the same tests, whoever wrote it."""

from __future__ import annotations

import importlib
import inspect
import json
import math
import operator
import sys
import typing
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import nnstudio.library
from nnstudio.core.data import TensorType
from nnstudio.core.graph import Graph
from nnstudio.core.kinds import Augmentation, Dataset, Initializer, Layer, Loss, Metric, Optimizer, Schedule, Split
from nnstudio.core.spec import Setting, Spec, SpecError, from_json, registered, to_json
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.evaluate import evaluate

KINDS = (Layer, Initializer, Loss, Optimizer, Schedule, Dataset, Split, Augmentation, Metric)
EVERY = [spec for kind in KINDS for spec in registered(kind).values()]
LAYERS = list(registered(Layer).values())


def kind_of(spec: type[Spec]) -> type[Spec]:
    return next(kind for kind in KINDS if issubclass(spec, kind))


def values(setting: Setting) -> st.SearchStrategy:
    """Values that a setting may have."""
    limits = setting.limits
    if setting.kind is not None:
        return st.sampled_from([spec() for spec in registered(setting.kind).values()])
    low = limits.minimum if limits.minimum is not None else -50
    high = max(low, min(limits.maximum if limits.maximum is not None else 50, 50))
    of_type: dict[Any, st.SearchStrategy] = {
        bool: st.booleans(),
        int: st.integers(math.ceil(low), math.floor(high)),
        float: st.floats(low, high, exclude_min=limits.above_minimum),
        str: st.sampled_from(limits.choices) if limits.choices else st.text(max_size=20),
    }
    found = st.one_of([of_type[kind] if kind in of_type else _tuples(kind, of_type) for kind in setting.alternatives])
    return found | st.none() if setting.optional else found


def _tuples(kind: Any, of_type: dict[Any, st.SearchStrategy]) -> st.SearchStrategy:
    items = typing.get_args(kind)
    if items[-1] is ...:
        return st.lists(of_type[items[0]], min_size=1, max_size=4).map(tuple)
    return st.tuples(*(of_type[item] for item in items))


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


def inputs(spec: type[Layer]) -> tuple[TensorType | None, ...]:
    return spec.example


def tensors(types: tuple[TensorType | None, ...], batch: int) -> list[torch.Tensor | None]:
    generator = torch.Generator().manual_seed(batch)
    return [None if kind is None else _tensor(kind, batch, generator) for kind in types]


def _tensor(kind: TensorType, batch: int, generator: torch.Generator) -> torch.Tensor:
    if kind.dtype == "int64":
        return torch.randint(0, 4, kind.sizes(batch), generator=generator)
    if kind.dtype == "bool":
        return torch.rand(kind.sizes(batch), generator=generator) < 0.5
    return torch.randn(kind.sizes(batch), generator=generator, requires_grad=True)


def shapes(types: tuple[TensorType | None, ...]) -> list[Any]:
    return [None if kind is None else kind.shape for kind in types]


def made(layer: Layer, types: tuple[TensorType | None, ...]) -> Any:
    module = layer.build(*shapes(types))
    return module.eval() if isinstance(module, nn.Module) else module


def results(layer: Layer, module: Any, given_: list[torch.Tensor | None]) -> tuple[torch.Tensor, ...]:
    output = layer.apply(module, *given_)
    return output if isinstance(output, tuple) else (output,)


@pytest.mark.parametrize("spec", LAYERS, ids=lambda spec: spec.__name__)
class TestEveryLayer:
    def test_says_what_it_is(self, spec: type[Layer]) -> None:
        assert spec.category != "Other"
        assert spec.formula or spec.category == "Input and output"
        torch_s_own = inspect.getmodule(spec.torch_class) is not inspect.getmodule(spec)
        assert spec.torch_class is None or torch_s_own or spec.torch_class in spec.own_source
        if spec.reference:
            assert operator.attrgetter(spec.reference.removeprefix("torch."))(torch)
        for ports in (spec().input_ports, spec().output_ports):
            names = [port.name for port in ports]
            assert len(set(names)) == len(names)

    def test_takes_inputs_that_fit(self, spec: type[Layer]) -> None:
        layer = spec()
        types = inputs(spec)
        if layer.role == "layer":
            assert len(types) == len(layer.input_ports)
            assert all(kind is not None or port.optional for kind, port in zip(types, layer.input_ports, strict=True))
        assert list(layer.check(*types)) == []
        assert isinstance(layer.summary(*shapes(types)), str)

    @pytest.mark.parametrize("batch", [1, 2, 7])
    def test_gives_the_shape_that_was_shown(self, spec: type[Layer], batch: int) -> None:
        layer, types = spec(), inputs(spec)
        found = evaluate(layer, types)
        assert not found.refused
        module = made(layer, types)
        if isinstance(module, nn.Module):
            assert found.parameters == {name: tuple(p.shape) for name, p in module.named_parameters()}
        outputs = results(layer, module, tensors(types, batch))
        assert len(outputs) == len(found.outputs) == max(1, len(layer.output_ports))
        for output, shown in zip(outputs, found.outputs, strict=True):
            assert tuple(output.shape) == shown.sizes(batch)
            assert str(output.dtype) == f"torch.{shown.dtype}"

    def test_lets_gradients_through(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        given_ = tensors(types, 4)
        module = layer.build(*shapes(types))
        outputs = [output for output in results(layer, module, given_) if output.requires_grad]
        if not outputs:  # comparisons, constants, whole numbers
            assert module is None or not isinstance(module, (nn.Module, nn.Parameter)) or not list(module.parameters())
            return
        sum((o * torch.arange(1.0, 1 + o.numel()).reshape(o.shape)).sum() for o in outputs).backward()
        for name, parameter in module.named_parameters() if isinstance(module, nn.Module) else ():
            assert parameter.grad is not None and parameter.grad.abs().sum() > 0, name

    def test_rows_do_not_mix_in_evaluation(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        module = made(layer, types)
        found = evaluate(layer, types)
        rows = [None if tensor is None else tensor.detach() for tensor in tensors(types, 5)]
        whole = results(layer, module, rows)
        if spec.__name__.startswith("Fractional"):
            return  # it draws other windows at each call, in evaluation too
        for row in range(5):
            alone = results(layer, module, [_rows(x, kind, row) for x, kind in zip(rows, types, strict=True)])
            for one, every, kind in zip(alone, whole, found.outputs, strict=True):
                wanted = _rows(every, kind, row)
                assert wanted is not None
                if one.is_floating_point():
                    assert torch.allclose(one, wanted, atol=1e-6, equal_nan=True)
                else:
                    assert torch.equal(one, wanted)

    def test_the_arguments_make_the_same_module_again(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        if spec.torch_class is None:
            return
        arguments = layer.arguments(*shapes(types))
        assert repr(spec.torch_class(**arguments)) == repr(layer.build(*shapes(types)))

    def test_a_module_tells_which_layer_it_is(self, spec: type[Layer]) -> None:
        layer, types = spec(), inputs(spec)
        module = layer.build(*shapes(types))
        if isinstance(module, nn.Module) and type(module) is spec.torch_class:
            assert repr(spec.from_module(module).build(*shapes(types))) == repr(module)


def _rows(tensor: torch.Tensor | None, kind: TensorType | None, row: int) -> torch.Tensor | None:
    """What belongs to one row of the batch."""
    if tensor is None or kind is None or not kind.rows:
        return tensor
    return tensor.narrow(kind.axis, row * kind.rows, kind.rows)


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
