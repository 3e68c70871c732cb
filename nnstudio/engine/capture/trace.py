"""Recording a function of tensors as a graph of torch's kernels."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.fx.experimental.proxy_tensor import make_fx

from nnstudio.engine.network import Network
from nnstudio.engine.objective import Objective


class NotCaptured(Exception):
    """Why something cannot be captured, in one sentence."""


class Training:
    """What one step computes before the weights change.

    Called with (parameters, buffers, x, aims) it gives (loss, output, *gradients of the learning parameters).

    Attributes:
        names: of the parameters. buffers: names of the buffers. learning: the places in `names` of those that have a
            gradient. output_like: shape and dtype of the output, once it was called.
    """

    def __init__(self, network: Network, objective: Objective, learns: Sequence[bool]) -> None:
        self._network, self._objective = network, objective
        self.names = [name for name, _ in network.named_parameters()]
        self.buffers = [name for name, _ in network.named_buffers()]
        self.learning = [place for place, has in enumerate(learns) if has]

    def __call__(self, parameters: Sequence[Tensor], buffers: Sequence[Tensor], x: Tensor, aims: Any) -> list[Tensor]:
        """The loss, the main output and the gradients."""
        given = forward(self._network, self._objective, self.names, parameters, self.buffers, buffers, x)
        loss = self._objective.loss(given, tuple(aims))
        wanted = [parameters[place] for place in self.learning]
        gradients = torch.autograd.grad(loss, wanted)
        output = self._objective.output(given).detach()
        self.output_like = tuple(output.shape), output.dtype
        return [loss.detach(), output, *gradients]


def forward(
    network: Network,
    objective: Objective,
    names: Sequence[str],
    parameters: Sequence[Tensor],
    buffer_names: Sequence[str],
    buffers: Sequence[Tensor],
    x: Tensor,
) -> Any:
    """What leaves the network with these tensors in place of its own."""
    state: Mapping[str, Tensor] = dict(zip(names, parameters, strict=True)) | dict(
        zip(buffer_names, buffers, strict=True)
    )
    return objective.feed(lambda *rows: torch.func.functional_call(network, dict(state), rows), x)


def record(function: Callable[..., Any], *examples: Any) -> fx.GraphModule:
    """The kernels that the function calls for tensors of these sizes.

    The examples are looked at for their sizes only: nothing is computed, nothing is drawn at random.

    Raises:
        NotCaptured: what it computes depends on the numbers, or has no such form.
    """
    outside = torch.get_rng_state()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return make_fx(function, tracing_mode="fake", _allow_non_fake_inputs=True)(*examples)
    except Exception as error:  # whatever torch says of what it cannot record
        words = str(error).strip().split("\n")[0][:200]
        raise NotCaptured(f"its step cannot be recorded: {words or type(error).__name__}") from error
    finally:
        torch.set_rng_state(outside)
