"""Identity."""

from __future__ import annotations

from torch import nn

from nnstudio.core.kinds import Layer


class Identity(
    Layer,
    category="Shape",
    anywhere=True,
    formula="x",
    torch_class=nn.Identity,
    reference="torch.nn.Identity",
    aliases=("pass through", "nothing", "placeholder"),
):
    """Passes on what it gets; a place to hold free, or to give a value a name."""
