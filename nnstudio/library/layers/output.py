"""Where the prediction comes out."""

from __future__ import annotations

from typing import Any

from nnstudio.core.kinds import Layer, Loss, Shape
from nnstudio.core.spec import field
from nnstudio.library.losses.cross_entropy import CrossEntropyLoss


class Output(Layer, category="Input and output", outputs=(), aliases=("loss", "prediction", "target")):
    """What arrives here is the prediction; the loss says how wrong it is."""

    loss: Loss = field(
        CrossEntropyLoss(),  # type: ignore[call-arg]  # every setting has a default
        "How wrong a prediction is: what training makes small.",
    )

    def apply(self, module: Any, *tensors: Any) -> Any:
        return tensors[0]

    def summary(self, *shapes: Shape) -> str:
        return self.loss.title
