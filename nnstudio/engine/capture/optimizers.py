"""The optimizers whose step is one kernel: what a script must say to call it, and the tensors that it takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor

from nnstudio.engine.capture.trace import NotCaptured

Group = dict[str, Any]


@dataclass
class Kernel:
    """One call for one group of parameters.

    Attributes:
        line: the statement; `{n}` stands for the list of parameters, `{n}_grads` and so on for the others, and
            `{n}_lr` for the learning rate.
        lists: the lists of tensors by the ends of their names.
        counters: the number of steps of each parameter, if the kernel needs it. Only the first is counted up.
    """

    line: str
    lists: dict[str, list[Tensor]]
    counters: list[Tensor] = field(default_factory=list)


def kernels(
    optimizer: torch.optim.Optimizer, parameters: Sequence[Tensor], gradients: Sequence[Tensor]
) -> list[Kernel]:
    """The calls that do one step of the optimizer, one for each group that has parameters with a gradient.

    Raises:
        NotCaptured: the optimizer has no such kernel, or has not made a first step yet.
    """
    make = _MAKERS.get(type(optimizer))
    if make is None:
        raise NotCaptured(f"{type(optimizer).__name__} has no kernel that takes all weights at once")
    gradient_of = {id(parameter): gradient for parameter, gradient in zip(parameters, gradients, strict=True)}
    found = []
    for group in optimizer.param_groups:
        own = [parameter for parameter in group["params"] if id(parameter) in gradient_of]
        if not own:
            continue
        if not group.get("fused"):
            raise NotCaptured(f"{type(optimizer).__name__} is not used in its fused form")
        states = [optimizer.state[parameter] for parameter in own]
        if not all(state for state in states) and type(optimizer) is not torch.optim.SGD:
            raise NotCaptured("the first step has not been made")
        found.append(make(group, own, [gradient_of[id(parameter)] for parameter in own], states))
    return found


def _adam(group: Group, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> Kernel:
    name = "_fused_adamw_" if group.get("decoupled_weight_decay") else "_fused_adam_"
    if isinstance(group["lr"], Tensor):
        raise NotCaptured("its learning rate is a tensor")
    beta1, beta2 = group["betas"]
    largest = [state["max_exp_avg_sq"] for state in states] if group["amsgrad"] else []
    counter, all_steps = _counter(states)
    line = (
        f"torch._foreach_add_({{n}}_counter, 1)\n"
        f"torch.{name}({{n}}, {{n}}_grads, {{n}}_means, {{n}}_squares, {{n}}_largest, {{n}}_steps, "
        f"amsgrad={group['amsgrad']}, lr={{n}}_lr, beta1={beta1!r}, beta2={beta2!r}, "
        f"weight_decay={float(group['weight_decay'])!r}, eps={group['eps']!r}, maximize={group['maximize']}, "
        "grad_scale=None, found_inf=None)"
    )
    lists = {
        "": _plain(parameters),
        "_grads": gradients,
        "_means": [state["exp_avg"] for state in states],
        "_squares": [state["exp_avg_sq"] for state in states],
        "_largest": largest,
        "_steps": all_steps,
        "_counter": [counter],
    }
    return Kernel(line, lists, [state["step"] for state in states])


def _sgd(group: Group, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> Kernel:
    moving = [state.get("momentum_buffer") for state in states] if group["momentum"] else []
    if any(buffer is None for buffer in moving):
        raise NotCaptured("the first step has not been made")
    line = (
        "torch._fused_sgd_({n}, {n}_grads, {n}_moving, "
        f"weight_decay={float(group['weight_decay'])!r}, momentum={float(group['momentum'])!r}, lr={{n}}_lr, "
        f"dampening={float(group['dampening'])!r}, nesterov={group['nesterov']}, maximize={group['maximize']}, "
        "is_first_step=False, grad_scale=None, found_inf=None)"
    )
    return Kernel(line, {"": _plain(parameters), "_grads": gradients, "_moving": [b for b in moving if b is not None]})


def _adagrad(group: Group, parameters: list[Tensor], gradients: list[Tensor], states: list[Any]) -> Kernel:
    counter, all_steps = _counter(states)
    line = (
        "torch._foreach_add_({n}_counter, 1)\n"
        "torch._fused_adagrad_({n}, {n}_grads, {n}_sums, {n}_steps, lr={n}_lr, "
        f"lr_decay={float(group['lr_decay'])!r}, weight_decay={float(group['weight_decay'])!r}, eps={group['eps']!r}, "
        f"maximize={group['maximize']}, grad_scale=None, found_inf=None)"
    )
    lists = {
        "": _plain(parameters),
        "_grads": gradients,
        "_sums": [state["sum"] for state in states],
        "_steps": all_steps,
        "_counter": [counter],
    }
    return Kernel(line, lists, [state["step"] for state in states])


def _counter(states: list[Any]) -> tuple[Tensor, list[Tensor]]:
    """One tensor for the number of steps, in the place of one for each parameter that all hold the same."""
    steps = [state["step"] for state in states]
    if len({float(step) for step in steps}) != 1:
        raise NotCaptured("some weights have had more updates than others")
    return steps[0], [steps[0]] * len(steps)


def _plain(parameters: Sequence[Tensor]) -> list[Tensor]:
    return [parameter.detach() for parameter in parameters]


_MAKERS: dict[type, Callable[..., Kernel]] = {
    torch.optim.Adam: _adam,
    torch.optim.AdamW: _adam,
    torch.optim.SGD: _sgd,
    torch.optim.Adagrad: _adagrad,
}
