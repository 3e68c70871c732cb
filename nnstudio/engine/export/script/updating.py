"""Updating: optimizer, groups of parameters and schedule, as a script has them."""

from __future__ import annotations

import textwrap
from dataclasses import replace

from nnstudio.core.problems import Problem
from nnstudio.core.project import ParameterGroup
from nnstudio.engine.compiler import GraphError
from nnstudio.engine.export.expressions import call, literal, path_of
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.updates import parameter_groups


class Updating:
    """What a script has to change the weights."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        optimizer = facts.training.optimizer
        assert optimizer is not None
        self._optimizer = optimizer
        self._decay = hasattr(optimizer, "weight_decay")
        self._decays_some = self._decay and not facts.training.decay_biases

    @property
    def definitions(self) -> list[str]:
        """The function that divides the parameters into groups, where there are such."""
        if self._facts.training.groups:
            return [self._groups()]
        return [_BY_AXES] if self._decays_some else []

    def made(self) -> list[str]:
        """The statements that make `optimizer` and, where there is one, `schedule`."""
        training = self._facts.training
        kind = self._optimizer.torch_class
        given = "parameter_groups(model)" if self.definitions else "model.parameters()"
        lines = [
            f"optimizer = {call(path_of(kind) or kind.__name__, kind, self._optimizer.arguments(), first=(given,))}"
        ]
        if training.schedule is not None:
            updates = -(-self._facts.batches // self._facts.accumulate)
            source = training.schedule.source(training.epochs, updates)
            lines += f"schedule = {source}".splitlines() if source else []
        return lines

    def _groups(self) -> str:
        own = [
            f"({_tuple(layers)}, {{{', '.join(self._options(group))}}})"
            for layers, group in zip(self._layers(), self._facts.training.groups, strict=True)
        ]
        listed = f"[{own[0]}]" if len(own) == 1 else "[\n" + "".join(f"        {part},\n" for part in own) + "    ]"
        source = _GROUPS.replace("OWN", listed)
        if self._decays_some:
            source = source.replace("    return groups\n", textwrap.indent(_EACH_BY_AXES, "    "))
        return source

    def _options(self, group: ParameterGroup) -> list[str]:
        lr: float = self._optimizer.lr  # type: ignore[attr-defined]
        options = [f'"lr": {literal(lr)} * {literal(group.lr_factor)}']
        if group.weight_decay is not None and self._decay:
            options.append(f'"weight_decay": {literal(group.weight_decay)}')
        return options

    def _layers(self) -> list[tuple[str, ...]]:
        """What the names of the parameters of each group begin with, in as few words as can be."""
        facts = self._facts
        made = parameter_groups(replace(facts.training, decay_biases=True), facts.network)
        places = {id(parameter): place for place, group in enumerate(made) for parameter in group["params"]}
        names = {name: places[id(parameter)] for name, parameter in facts.network.named_parameters()}
        found = []
        for place in range(1, len(made)):
            others = [name for name, other in names.items() if other != place]
            layers = dict.fromkeys(_shortest(name, others) for name, own in names.items() if own == place)
            if any(name.startswith(tuple(layers)) for name in others):
                raise GraphError([Problem("error", _NO_NAMES)])
            found.append(tuple(layers))
        return found


_NO_NAMES = (
    "A script cannot tell the groups of parameters apart, since the name of a parameter in one begins like that of one "
    "in another. Rename a layer of the groups."
)


def _shortest(name: str, others: list[str]) -> str:
    """What this name begins with and none of the others: the name of a layer or block with its dot, or all of it."""
    dots = [place + 1 for place, letter in enumerate(name) if letter == "."]
    return next((name[:end] for end in dots if not any(other.startswith(name[:end]) for other in others)), name)


def _tuple(texts: tuple[str, ...]) -> str:
    return literal(texts)


_BY_AXES = '''def parameter_groups(model):
    """Weights decay; biases and the scales of norms, which have one axis, do not."""
    parameters = list(model.parameters())
    return [
        {"params": [parameter for parameter in parameters if parameter.dim() > 1]},
        {"params": [parameter for parameter in parameters if parameter.dim() <= 1], "weight_decay": 0.0},
    ]
'''
_GROUPS = '''def parameter_groups(model):
    """Layers that are trained in their own way; the first group is all the others."""
    own = OWN
    groups = [{"params": []}, *({"params": []} | options for _, options in own)]
    for name, parameter in model.named_parameters():
        place = next((place for place, (layers, _) in enumerate(own, 1) if name.startswith(layers)), 0)
        groups[place]["params"].append(parameter)
    return groups
'''
_EACH_BY_AXES = """divided = []
for group in groups:
    weights = [parameter for parameter in group["params"] if parameter.dim() > 1]
    others = [parameter for parameter in group["params"] if parameter.dim() <= 1]
    divided += [group | {"params": weights}, group | {"params": others, "weight_decay": 0.0}]
return divided  # biases and the scales of norms, which have one axis, do not decay
"""
