"""The kinds of Spec: Layer, Initializer, Loss, Optimizer, Schedule, Dataset, Split, Augmentation and Metric.

They are declared here without torch. Their members live in `nnstudio.library`, one file each.
Where a Spec stands for a class of torch, `torch_class` names it and `arguments` says how it is called:
building the object and writing its source for export both come from these two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, Self

import numpy as np

from nnstudio.core.data import Data, TensorType
from nnstudio.core.problems import Complaint
from nnstudio.core.spec import Spec

Shape = tuple[int, ...]
Stepped = Literal["epoch", "step"]
Purpose = Literal["test", "validation"]


@dataclass(frozen=True)
class Port:
    """A place on a node where wires end (an input takes one) or start.

    An optional input may be left without a wire. `label` is what people read where it is not the name.
    """

    name: str
    sentence: str = ""
    optional: bool = False
    label: str = ""

    @property
    def words(self) -> str:
        """What people read."""
        return self.label or self.name


# What a layer is in its drawing: where rows enter and leave the network, or a block, or none of these.
Role = Literal["layer", "input", "output", "entry", "exit"]


class Layer(Spec, kind="layer"):
    """A node's work: what comes in, what goes out, and the module that does it.

    A layer either has a module (`torch_class` and `arguments`, or `build` overridden) or is an operation on
    tensors (`apply` overridden, `torch_class` None). `example` holds inputs that it takes as it comes from the palette;
    `anywhere` says that it also takes tensors whose batch axis is not the first, or that have none.
    """

    category: ClassVar[str] = "Other"
    role: ClassVar[Role] = "layer"
    anywhere: ClassVar[bool] = False
    example: ClassVar[tuple[TensorType | None, ...]] = (TensorType((6,)),)
    formula: ClassVar[str] = ""
    torch_class: ClassVar[Any] = None
    own_source: ClassVar[tuple[type, ...]] = ()  # classes that torch does not have, whose source an export must carry
    inputs: ClassVar[tuple[Port, ...]] = (Port("input"),)
    outputs: ClassVar[tuple[Port, ...]] = (Port("output"),)

    @property
    def input_ports(self) -> tuple[Port, ...]:
        """The ports for wires that come in; they may depend on the settings."""
        return self.inputs

    @property
    def output_ports(self) -> tuple[Port, ...]:
        """The ports for wires that go out."""
        return self.outputs

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        """What is wrong with these inputs, in words. Called before the layer is built.

        One type per input port; None for an optional port without a wire, here and for shapes and tensors below.
        """
        return ()

    def arguments(self, *shapes: Shape) -> Mapping[str, Any]:
        """The arguments of `torch_class` for inputs of these shapes (batch axis left out)."""
        return {}

    def build(self, *shapes: Shape) -> Any:
        """The nn.Module for inputs of these shapes, or None for an operation. Draws its initial weights."""
        return None if self.torch_class is None else self.torch_class(**self.arguments(*shapes))

    def apply(self, module: Any, *tensors: Any) -> Any:
        """The output for these input tensors [batch, *shape]; a tuple where there are several output ports.

        Must also work on torch.fx proxies.
        """
        return module(*tensors)

    def source(self, *shapes: Shape) -> str:
        """The Python expression that makes what `build` makes, where `torch_class` and `arguments` do not say it."""
        return ""

    def output_type(self, *types: TensorType) -> TensorType | tuple[TensorType, ...] | None:
        """The type of the output, or of each, where the layer states it itself.

        None lets the real layer tell on the meta device.
        """
        return None

    @classmethod
    def from_module(cls, module: Any) -> Self:
        """The layer whose `build` makes such a module: settings are the attributes that are called like them.

        Raises:
            SpecError: the module has a value that the layer cannot have.
        """
        found: dict[str, Any] = {}
        for setting in cls.settings():
            if not hasattr(module, setting.name):
                continue
            value = getattr(module, setting.name)
            if setting.alternatives == {bool}:  # `bias` is a tensor in the module, and whether there is one here
                value = value if isinstance(value, bool) else value is not None
            elif isinstance(value, tuple) and int in setting.alternatives and len(set(value)) == 1:
                value = value[0]
            found[setting.name] = value
        return cls(**found)

    def summary(self, *shapes: Shape) -> str:
        """A few words for the node, such as "2 → 8"; empty when nothing is worth saying."""
        return ""


class Missing(Layer, abstract=True):
    """A layer that a file names and this program cannot make: kept as it was written, and said at the node."""

    name: str
    settings_text: str  # the settings as canonical JSON, so that saving loses nothing
    reason: str
    needed: str = ""
    got: str = ""
    input_names: tuple[str, ...] = ("input",)
    output_names: tuple[str, ...] = ("output",)

    def __post_init__(self) -> None:
        """Nothing to check: it holds what could not be read."""

    @property
    def input_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in self.input_names)

    @property
    def output_ports(self) -> tuple[Port, ...]:
        return tuple(Port(name) for name in self.output_names)

    def check(self, *types: TensorType) -> Iterable[Complaint]:
        yield Complaint(
            self.needed or f"the layer {self.name}",
            self.got or "a file that names it, while this version has no such layer",
            "Replace the node, or open the project with the version that made it.",
        )


class Initializer(Spec, kind="initializer"):
    """How the first values of a parameter are drawn: one function of `torch.nn.init`."""

    formula: ClassVar[str] = ""
    torch_function: ClassVar[Any] = None

    def check(self, shape: Shape) -> Iterable[Complaint]:
        """What is wrong with drawing a parameter of this shape so."""
        return ()

    def arguments(self) -> Mapping[str, Any]:
        """The arguments of `torch_function` after the tensor: by default all settings by their own names."""
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def apply(self, tensor: Any) -> None:
        """Draw the values of this tensor, in place."""
        type(self).torch_function(tensor, **self.arguments())


class Loss(Spec, kind="loss"):
    """How wrong an output is.

    `target_source` and `classes_source` say in Python what `target` does to the class numbers `y` of a classification,
    and `classes` to an `output`; an exported script holds them word for word.
    """

    formula: ClassVar[str] = ""
    torch_class: ClassVar[Any] = None
    target_source: ClassVar[str] = ""
    classes_source: ClassVar[str] = ""
    weighs_classes: ClassVar[str] = ""  # the argument of `torch_class` for the weights of the classes, if it has one
    values_source: ClassVar[str] = "output"  # what `probabilities` does to the `output` of a regression, in Python
    weighing_source: ClassVar[str] = "weights"  # what `weighing` passes on of the `weights` of the classes, in Python
    own_source: ClassVar[tuple[type, ...]] = ()  # classes that torch does not have, whose source an export must carry

    def arguments(self) -> Mapping[str, Any]:
        """The arguments of `torch_class`: by default all settings by their own names."""
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def build(self, class_weights: Any = None) -> Any:
        """The nn.Module that takes (output, target) and gives the mean loss as a scalar.

        `class_weights` is a float32 tensor [classes], for a loss that weighs classes; others take None alone.
        """
        return self.torch_class(**self.arguments(), **self.weighing(class_weights))

    def weighing(self, class_weights: Any) -> Mapping[str, Any]:
        """The arguments that make rows of each class count as much as the weight of the class says."""
        return {} if class_weights is None else {self.weighs_classes: class_weights}

    def check(self, output: TensorType, data: Data) -> Iterable[Complaint]:
        """What is wrong with computing this loss on this output for these targets."""
        return ()

    def target(self, targets: Any, data_task: str) -> Any:
        """The targets as the loss takes them; `targets` is int64 [rows] or float32 [rows, outputs]."""
        return targets

    def probabilities(self, output: Any) -> Any:
        """The output on the scale that a person reads: probabilities for classes, the value itself otherwise."""
        return output

    def classes(self, output: Any) -> Any:
        """The predicted class numbers, int64 [rows], for an output [rows, …] of a classification."""
        raise NotImplementedError


class Optimizer(Spec, kind="optimizer"):
    """The rule that turns gradients into a change of the weights. Each has a setting `lr`."""

    formula: ClassVar[str] = ""
    torch_class: ClassVar[Any] = None
    fixed: ClassVar[Mapping[str, Any]] = {}  # arguments that no person sets, such as fused=True

    def arguments(self) -> Mapping[str, Any]:
        """The keyword arguments after the parameters."""
        return {**{setting.name: getattr(self, setting.name) for setting in self.settings()}, **self.fixed}

    def build(self, parameters: Any) -> Any:
        return self.torch_class(parameters, **self.arguments())


class Schedule(Spec, kind="schedule"):
    """How the learning rate changes while a network trains.

    `watches` says that each step is told the loss that is watched (of the validation part, else of the test part, else
    of the training part).
    """

    formula: ClassVar[str] = ""
    torch_class: ClassVar[Any] = None
    watches: ClassVar[bool] = False

    @property
    def stepped(self) -> Stepped:
        """Whether torch's scheduler is stepped once after each epoch, or after each update of the weights."""
        return "epoch"

    def arguments(self, epochs: int, steps: int) -> Mapping[str, Any]:
        """The keyword arguments of `torch_class` after the optimizer.

        For a training of this many epochs with this many updates of the weights in each.
        """
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def build(self, optimizer: Any, epochs: int, steps: int) -> Any:
        """The torch learning-rate scheduler; None for a constant rate."""
        return None if self.torch_class is None else self.torch_class(optimizer, **self.arguments(epochs, steps))

    def source(self, epochs: int, steps: int) -> str:
        """The Python expression that builds it from `optimizer`; empty for a constant rate."""
        if self.torch_class is None:
            return ""
        arguments = "".join(f", {name}={value!r}" for name, value in self.arguments(epochs, steps).items())
        return f"torch.optim.lr_scheduler.{self.torch_class.__name__}(optimizer{arguments})"


class Dataset(Spec, kind="dataset"):
    """Where rows come from. `load` is a pure function of the settings (and of the file that they name by its hash)."""

    category: ClassVar[str] = "Other"

    def load(self) -> Data:
        """All rows. Says how far it is with `nnstudio.core.reading.tell` where that may take a while.

        Raises:
            OSError, ValueError: they cannot be read; one sentence.
            Cancelled: nobody wants them any more.
        """
        raise NotImplementedError

    def source(self) -> str:
        """Python source that defines `X` and `y` (numpy) exactly as `load` makes them, for the exported script."""
        raise NotImplementedError


class Split(Spec, kind="split"):
    """Which rows are put aside for testing, or for validation."""

    def check(self, data: Data) -> Iterable[str]:
        """What stands in the way of dividing these rows so: one sentence each."""
        return ()

    def divide(
        self, data: Data, rows: np.ndarray, share: float, random_state: int, purpose: Purpose = "test"
    ) -> tuple[np.ndarray, np.ndarray]:
        """The rows that stay and the rows that are put aside for this purpose, about `share` of them.

        `rows` are row numbers of the data, int64 [n]; so are the results, in the order in which a script would have
        them. Some rows may be in neither. Raises ValueError with one sentence when it cannot be done.
        """
        raise NotImplementedError

    def source(self, data: Data, share: float, random_state: int, purpose: Purpose = "test") -> str:
        """Python that defines `kept` and `aside` from `rows` and from what `Dataset.source` defined.

        That is `X` and `y`, and `groups`, `times` or `parts` where the data has such. It brings its own imports.
        """
        raise NotImplementedError


class Augmentation(Spec, kind="augmentation"):
    """How the rows of a batch are changed at random while training, so that the network sees more than there is."""

    formula: ClassVar[str] = ""

    def check(self, input_type: TensorType) -> Iterable[Complaint]:
        """What stands in the way of changing such rows so."""
        return ()

    def apply(self, rows: Any, generator: Any) -> Any:
        """The changed rows [batch, *shape], of the same shape. Every draw comes from the torch.Generator."""
        raise NotImplementedError

    def source(self) -> str:
        """A Python function of `rows` and `generator` that does what `apply` does, as source text."""
        raise NotImplementedError


class Metric(Spec, kind="metric"):
    """A figure that people read beside the loss, from sums that can be added up batch by batch."""

    tasks: ClassVar[tuple[str, ...]] = ()
    key: ClassVar[str] = ""  # its name in records: "accuracy"
    percent: ClassVar[bool] = False
    higher_is_better: ClassVar[bool] = True
    usual: ClassVar[bool] = True  # every record of a training has it; others are worked out where they are asked for

    @classmethod
    def for_classes(cls, count: int) -> Self:
        """The metric for data with so many classes (0 for numbers): some need to know."""
        known = any(setting.name == "classes" for setting in cls.settings())
        return cls(classes=count) if known and count else cls()  # type: ignore[call-arg]

    def sums(self, prediction: Any, target: Any) -> Any:
        """Additive statistics of some rows, float64 [k].

        Classes are int64 [rows] or [rows, places…], values float [rows, outputs].
        """
        raise NotImplementedError

    def value(self, sums: Any) -> float:
        """The figure from the added-up statistics."""
        raise NotImplementedError
