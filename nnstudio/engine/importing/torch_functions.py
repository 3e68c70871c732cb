"""What is to be known of torch's functions before one of them is called: their names, and which are special."""

from __future__ import annotations

from typing import Any

import torch
from torch.overrides import resolve_name

# Functions that make a value that torch draws anew at every call.
RANDOM = frozenset(
    [
        "rand",
        "randn",
        "randint",
        "randperm",
        "bernoulli",
        "multinomial",
        "normal",
        "poisson",
        "rand_like",
        "randn_like",
        "randint_like",
        "uniform",
        "exponential",
        "geometric",
        "log_normal",
        "cauchy",
        "random",
        "gumbel_softmax",
    ]
)
# Functions that take nothing from a tensor but its size and its type.
ANEW = frozenset(
    """new_zeros new_ones new_full new_tensor new_empty zeros_like ones_like full_like empty_like get_device dim numel
    element_size storage_offset""".split()  # noqa: SIM905
)
# Functions that let Python see the numbers in a tensor.
LOOKING = frozenset(
    [
        "__bool__",
        "__int__",
        "__float__",
        "__index__",
        "__complex__",
        "__contains__",
        "item",
        "tolist",
        "numpy",
        "__array__",
        "equal",
        "allclose",
        "is_nonzero",
        "nonzero",
        "unique",
        "unique_consecutive",
        "masked_select",
        "argwhere",
        "__iter__",
    ]
)
# Functions whose result is a part or another view of their first tensor.
PARTS = frozenset(
    """__getitem__ narrow select view reshape unsqueeze squeeze expand permute transpose to float bool long detach
    contiguous clone type_as eq logical_not""".split()  # noqa: SIM905
)
WITHOUT = frozenset(
    ["__setattr__", "backward", "register_hook", "requires_grad", "retain_grad", "__set__", "__delete__"]
)


def function_name(func: Any) -> tuple[str, str]:
    """A function's name by itself, without the underscore of those that work in place, and with its home.

    `Tensor.__iadd__` is "add", the shape of a tensor "shape", and `torch.ops.aten.add.Tensor` is "add" too.
    """
    if isinstance(func, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
        whole = str(func)
        name = whole.split(".")[1]
    else:
        name = getattr(func, "__name__", "") or type(func).__name__
        if name in ("__get__", "__set__", "__delete__"):
            name = getattr(func.__self__, "__name__", name) if name == "__get__" else name
            whole = f"Tensor.{name}"
        else:
            whole = resolve_name(func) or f"{getattr(func, '__module__', '') or 'torch'}.{name}"
    if name.startswith("__") and name.endswith("__"):
        inner = name[2:-2]
        if inner.startswith("i") and f"__{inner[1:]}__" in _OPERATORS:
            inner = inner[1:]
        name = inner if f"__{inner}__" in _OPERATORS else name
    elif name.endswith("_") and not name.startswith("_"):
        name = name.rstrip("_")
    return name, whole


_OPERATORS = frozenset(
    [
        "__add__",
        "__sub__",
        "__mul__",
        "__truediv__",
        "__floordiv__",
        "__pow__",
        "__matmul__",
        "__mod__",
        "__and__",
        "__or__",
        "__xor__",
        "__radd__",
        "__rsub__",
        "__rmul__",
        "__rtruediv__",
        "__rpow__",
        "__rmatmul__",
        "__neg__",
        "__invert__",
        "__abs__",
        "__gt__",
        "__ge__",
        "__lt__",
        "__le__",
        "__eq__",
        "__ne__",
        "__rdiv__",
        "__div__",
        "__rand__",
        "__ror__",
        "__rxor__",
    ]
)
