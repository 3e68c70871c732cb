"""Where the prediction comes out."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Layer, Loss, Shape
from nnstudio.core.spec import field
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss


class Output(
    Layer,
    category="Input and output",
    outputs=(),
    role="output",
    anywhere=True,
    aliases=("loss", "prediction", "target", "head"),
):
    """What arrives here is the prediction; the loss says how wrong it is."""

    loss: Loss = field(
        CrossEntropyLoss(),  # type: ignore[call-arg]  # every setting has a default
        "How wrong a prediction is: what training makes small.",
    )
    weight: float = field(1.0, "How much this loss counts where there are several outputs; 0: not at all.", minimum=0)
    target: str = field(
        "target",
        "What it is compared with: the target of the data, or the input itself, which an autoencoder gives back.",
        choices=("target", "input"),
    )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        return self.loss.title
