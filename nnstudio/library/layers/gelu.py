"""GELU."""

from __future__ import annotations

from torch import nn

from nnstudio.core.spec import field
from nnstudio.library.layers._activation import Activation


class GELU(Activation, formula="x Φ(x)", torch_class=nn.GELU, reference="torch.nn.GELU", aliases=("gaussian error",)):
    """A smooth ReLU that weighs each number by how large it is among normal ones; usual in transformers."""

    approximate: str = field("none", "The exact form, or the quicker one with tanh.", choices=("none", "tanh"))
