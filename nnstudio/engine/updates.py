"""Updates: how the weights are changed. Optimizer, schedule, groups of parameters, clipping and the gradient scaler."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, cast

import torch
from torch import Tensor, nn

from nnstudio.core.project import ParameterGroup, TrainingSettings
from nnstudio.engine.network import Network

_PRECISIONS = {"bfloat16": torch.bfloat16, "float16": torch.float16}
# What a schedule keeps in the groups of the optimizer, and in itself, that is a learning rate.
_RATES = ("initial_lr", "max_lr", "min_lr")
# What is in the groups of the optimizer beside its options; `fused` depends on where it computes.
_NOT_KEPT = {"params", "fused"}
_OWN_RATES = ("base_lrs", "max_lrs", "min_lrs", "_last_lr")


class Updates:
    """The optimizer of a Run with all that stands between a loss and the next weights.

    Attributes:
        optimizer: torch's. schedule: torch's, or None for a constant rate.
        each: updates of the weights in an epoch.
        base_lr: the learning rate before the schedule.
        scaler: torch's gradient scaler for float16; it does nothing in other precisions.
    """

    def __init__(self, training: TrainingSettings, network: Network, device: torch.device, batches: int) -> None:
        assert training.optimizer is not None
        self._training = training
        self._network = network
        self._device = device
        self.each = math.ceil(batches / training.accumulate)
        self.base_lr: float = training.optimizer.lr  # type: ignore[attr-defined]
        self.optimizer: torch.optim.Optimizer = training.optimizer.build(parameter_groups(training, network))
        self.schedule: Any = None
        self._watches = False
        self._stepped = ""
        self._last_lr = math.nan
        if training.schedule is not None:
            self.schedule = training.schedule.build(self.optimizer, training.epochs, self.each)
            self._watches, self._stepped = training.schedule.watches, training.schedule.stepped
        half = _PRECISIONS.get(training.precision)
        self._half = half
        self.scaler = torch.amp.GradScaler(device.type, enabled=half is torch.float16)

    @property
    def lr(self) -> float:
        """The learning rate of the next update, of the layers that are in no group of their own."""
        return float(self.optimizer.param_groups[0]["lr"])

    @property
    def last_lr(self) -> float:
        """The learning rate of the last update, at the end of an epoch before `end_epoch`."""
        return self.lr if self.schedule is None or self._stepped == "epoch" else self._last_lr

    @property
    def plain(self) -> bool:
        """Whether a step is nothing but forward, backward and one call of the optimizer."""
        training = self._training
        return (
            training.accumulate == 1
            and training.clip_norm is None
            and training.clip_value is None
            and training.precision == "float32"
            and self._stepped != "step"
        )

    def mixed(self) -> Any:
        """The context in which the network and its loss are computed."""
        return torch.autocast(self._device.type, self._half, enabled=self._half is not None)

    def backward(self, loss: Tensor, share: float = 1.0) -> None:
        """Add the gradients of this loss, times `share`, to those that are there."""
        self.scaler.scale(loss if share == 1.0 else loss * share).backward()  # type: ignore[no-untyped-call]

    def apply(self) -> None:
        """Change the weights by the gradients that are there, and step a schedule of steps."""
        training = self._training
        parameters = [parameter for parameter in self._network.parameters() if parameter.grad is not None]
        if parameters and (training.clip_value is not None or training.clip_norm is not None):
            self.scaler.unscale_(self.optimizer)
            if training.clip_value is not None:
                nn.utils.clip_grad_value_(parameters, training.clip_value)
            if training.clip_norm is not None:
                nn.utils.clip_grad_norm_(parameters, training.clip_norm)
        if self.scaler.is_enabled():
            self.scaler.step(self.optimizer)
            self.scaler.update()
        else:
            self.optimizer.step()
        if self.schedule is not None and self._stepped == "step":
            self._last_lr = self.lr
            self.schedule.step()

    def end_epoch(self, watched: float) -> None:
        """Step a schedule of epochs. `watched` is the loss that a schedule may go by."""
        if self.schedule is not None and self._stepped == "epoch":
            if self._watches:
                self.schedule.step(watched)
            else:
                self.schedule.step()

    def set_base_lr(self, wanted: float) -> None:
        """Another learning rate before the schedule, which goes on from where it is."""
        if wanted == self.base_lr or wanted <= 0:
            return
        factor = wanted / self.base_lr
        for group in self.optimizer.param_groups:
            # Without a schedule the rate is the wanted one itself, to the last digit.
            same = self.schedule is None and group["lr"] == self.base_lr
            group["lr"] = wanted if same else group["lr"] * factor
            for name in _RATES:
                if name in group:
                    group[name] = wanted if group[name] == self.base_lr else group[name] * factor
        for schedule in [self.schedule, *getattr(self.schedule, "_schedulers", [])]:
            for name in _OWN_RATES:
                rates = getattr(schedule, name, None)
                if isinstance(rates, list) and all(isinstance(rate, (int, float)) for rate in rates):
                    setattr(schedule, name, [wanted if rate == self.base_lr else rate * factor for rate in rates])
        self.base_lr = wanted


def parameter_groups(training: TrainingSettings, network: Network) -> Any:
    """What the optimizer is built from: the parameters, or groups of them with options of their own.

    The first group is that of the layers that are in none; it may be empty.
    """
    if not training.groups and training.decay_biases:
        return list(network.parameters())
    assert training.optimizer is not None
    lr: float = training.optimizer.lr  # type: ignore[attr-defined]
    decay = getattr(training.optimizer, "weight_decay", None)
    chosen: dict[Tensor, int] = {}
    by_node = network.states_by_node()
    for place, own_group in enumerate(training.groups, start=1):
        for path, states in by_node.items():
            plain = re.sub(r"#\d+", "", path)  # the passes of a repeated block belong together
            if any(plain == node or plain.startswith(f"{node}/") for node in own_group.nodes):
                for state in states.values():
                    chosen.setdefault(state, place)
    made: list[dict[str, Any]] = []
    everyone: list[ParameterGroup | None] = [None, *training.groups]
    for place, group in enumerate(everyone):
        own = [parameter for parameter in network.parameters() if chosen.get(parameter, 0) == place]
        options: dict[str, Any] = {}
        if group is not None:
            options["lr"] = lr * group.lr_factor
            if group.weight_decay is not None and decay is not None:
                options["weight_decay"] = group.weight_decay
        if training.decay_biases or decay is None:
            made.append({"params": own, **options})
            continue
        # Biases and the scales of norms have one axis.
        made.append({"params": [parameter for parameter in own if parameter.dim() > 1], **options})
        made.append(
            {"params": [parameter for parameter in own if parameter.dim() <= 1], **options, "weight_decay": 0.0}
        )
    return made


def options_of(optimizer: torch.optim.Optimizer) -> list[dict[str, Any]]:
    """The options of each group as plain values: what a schedule or a person may have changed on the way."""
    return [
        {name: plain for name, value in group.items() if name not in _NOT_KEPT for plain in _plain(value)}
        for group in optimizer.param_groups
    ]


def restore_options(optimizer: torch.optim.Optimizer, stored: Any) -> bool:
    """Give each group its options back. False, and nothing is changed, when they are not those of such groups."""
    fresh = options_of(optimizer)
    if not isinstance(stored, list) or len(stored) != len(fresh):
        return False
    for given, own in zip(stored, fresh, strict=True):
        if not isinstance(given, dict) or given.keys() - _NOT_KEPT != own.keys():
            return False
        if not all(_alike(given[name], own[name]) for name in own):
            return False
    for group, given in zip(optimizer.param_groups, stored, strict=True):
        for name in given.keys() - _NOT_KEPT:
            value = given[name]
            group[name] = tuple(value) if isinstance(group[name], tuple) else value
    return True


def _plain(value: Any) -> Iterator[Any]:
    """The value as JSON has it; nothing for what it does not have."""
    if isinstance(value, Tensor):
        yield value.item()
    elif isinstance(value, tuple):
        yield list(value)
    elif value is None or isinstance(value, (bool, int, float, str)):
        yield value


def _alike(given: Any, own: Any) -> bool:
    if isinstance(own, list):
        return isinstance(given, list) and len(given) == len(own) and all(map(_alike, given, own))
    if own is None or isinstance(own, (bool, str)):
        return given is None if own is None else type(given) is type(own)
    return isinstance(given, (int, float)) and not isinstance(given, bool) and math.isfinite(cast(float, given))
