"""Measuring: losses, figures and evaluation, as a script has them."""

from __future__ import annotations

import inspect

from nnstudio.core.kinds import Loss
from nnstudio.engine.export.expressions import Name, call, path_of
from nnstudio.engine.export.fragments import metric_functions
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.run import ROWS_A_LOOK


class Measuring:
    """What a script has to say how wrong an output is."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts

    @property
    def loss_classes(self) -> list[str]:
        """The classes of losses that torch does not have."""
        own = dict.fromkeys(kind for head in self._facts.heads for kind in head.loss.own_source)
        return [inspect.getsource(kind) for kind in own]

    @property
    def definitions(self) -> list[str]:
        """The functions, in this order."""
        facts = self._facts
        return [
            *map(metric_functions, facts.metrics),
            self._add_sums(),
            *([self._class_weights()] if facts.weighed else []),
            *([] if facts.plain else [self._total_loss()]),
            *([self._evaluate()] if len(facts.parts) > 1 else []),
        ]

    def loss_made(self) -> list[str]:
        """The statements that make `loss_function`."""
        facts = self._facts
        if facts.plain:
            made = self._loss_call(facts.loss, facts.weighs(facts.main))
        else:
            made = "partial(total_loss, weights=weights)" if facts.weighed else "total_loss"
        weights = ["weights = class_weights(train_y).to(DEVICE)"] if facts.weighed else []
        return [*weights, f"loss_function = {made}"]

    def _loss_call(self, loss: Loss, weighed: bool) -> str:
        """The call that makes the module of a loss."""
        kind = loss.torch_class
        given = {loss.weighs_classes: Name(loss.weighing_source)} if weighed else {}
        return call(path_of(kind) or kind.__name__, kind, {**loss.arguments(), **given})

    def _add_sums(self) -> str:
        facts = self._facts
        listed = ", ".join(f'"{metric.key}": ({metric.key}_sums, {metric.key})' for metric in facts.metrics)
        flat = ".flatten(1)" if facts.flat and not facts.classes else ""
        prediction = facts.loss.classes_source if facts.classes else f"{facts.loss.values_source}{flat}"
        target = "(target[:, 0] > 0).long()" if facts.changed_target else f"target{flat}"
        # What is summed has more digits than some devices know.
        moved = "    output, target = output.cpu(), target.cpu()\n" if facts.on_any_device else ""
        return (
            f"METRICS = {{{listed}}}\n\n\n"
            "def add_sums(sums, output, target):\n"
            '    """Add what the metrics are made of."""\n'
            f"{moved}"
            f"    prediction, truth = {prediction}, {target}\n"
            "    for name, (measure, _) in METRICS.items():\n"
            "        sums[name] = sums.get(name, 0.0) + measure(prediction, truth)\n\n\n"
            "def figures(sums):\n"
            '    """The metrics by name."""\n'
            "    return {name: figure(sums[name]) for name, (_, figure) in METRICS.items()}\n"
        )

    def _class_weights(self) -> str:
        """Of the targets as the loss takes them."""
        facts = self._facts
        if facts.changed_target:
            lines = ["    labels = (targets[:, 0] > 0).long().flatten().cpu()"]
        elif bool((facts.prepared.train.targets < 0).any()):
            lines = ["    labels = targets[targets >= 0].cpu()  # places without a class do not count"]
        else:
            lines = ["    labels = targets.flatten().cpu()"]
        return "\n".join(
            [
                "def class_weights(targets):",
                '    """How much a row of each class counts: the rarer, the more."""',
                *lines,
                f"    counts = torch.bincount(labels, minlength={facts.prepared.data.classes}).clamp(min=1)",
                "    return (len(labels) / (len(counts) * counts.double())).float()\n",
            ]
        )

    def _total_loss(self) -> str:
        """Several losses, or one with a weight, or one that looks at the input."""
        facts = self._facts
        lines = [
            f"def total_loss(output, x, y{', weights' if facts.weighed else ''}):",
            '    """The losses of all outputs, each times its weight."""',
        ]
        terms = []
        for place, head in enumerate(facts.heads):
            made = self._loss_call(head.loss, facts.weighs(head))
            output = "output" if len(facts.heads) == 1 else f"output[{place}]"
            if head.weight:
                terms.append(f"{head.weight!r} * {made}({output}, {'x' if head.target == 'input' else 'y'})")
        if not terms:
            terms = ["output.sum() * 0.0" if len(facts.heads) == 1 else "output[0].sum() * 0.0"]
        lines.append(f"    total = {terms[0]}")
        lines += [f"    total = total + {term}" for term in terms[1:]]
        return "\n".join([*lines, "    return total"]) + "\n"

    def _evaluate(self) -> str:
        facts = self._facts
        return (
            "def evaluate(model, loss_function, inputs, targets):\n"
            '    """Loss and metrics with the weights as they are."""\n'
            "    total, sums = 0.0, {}\n"
            "    model.eval()\n"
            "    with torch.inference_mode():\n"
            f"        for x, y in zip(inputs.split({ROWS_A_LOOK}), targets.split({ROWS_A_LOOK}), strict=True):\n"
            f"            output = {facts.called('model', 'x')}\n"
            f"            total += {facts.lost('output', 'x', 'y')}.item() * len(x)\n"
            f"            add_sums(sums, {facts.main_output('output')}, {facts.aim('x', 'y')})\n"
            "    model.train()\n"
            '    return {"loss": total / len(inputs)} | figures(sums)\n'
        )
