"""A project as one Python file that needs torch, numpy and scikit-learn.

It computes what a Run computes, bit for bit: the same draws in the same order, the same order of the rows, the same
sums. What it says of each epoch with `--json` is what `nnstudio train --json` says, but for the seconds.
"""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from typing import Any

import torch

from nnstudio.core.blocks import boundary
from nnstudio.core.kinds import Loss, Metric
from nnstudio.core.problems import Problem
from nnstudio.core.project import Project
from nnstudio.core.spec import registered
from nnstudio.engine.compiler import GraphError, check, compile_network
from nnstudio.engine.data import Prepared, prepare
from nnstudio.engine.export import fragments, module
from nnstudio.engine.export.expressions import call, literal, path_of
from nnstudio.engine.run import ROWS_A_LOOK, Run
from nnstudio.engine.threads import threads_for

_DEVICES = {
    "auto": '"cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"',
    "cpu": '"cpu"',
    "cuda": '"cuda"',
    "mps": '"mps"',
}


def to_python(project: Project) -> str:
    """The source of a script that trains the project's network from new weights.

    Raises:
        GraphError: the project has errors, or a part of it cannot be written as Python.
    """
    report = check(project)
    if not report.ready:
        raise GraphError(report.errors)
    _refuse_unlike_targets(project)
    try:
        source = _Script(project).source()
        ast.parse(source)
    except GraphError:
        raise
    except (SyntaxError, ValueError, OSError) as error:  # a declaration whose source is broken or not at hand
        raise GraphError([Problem("error", f"The project cannot be written as Python: {error}.")]) from error
    return source


def _refuse_unlike_targets(project: Project) -> None:
    """The targets are prepared once, when they are loaded."""
    heads = [node for node in boundary(project.graph, "output") if node.layer.target == "target"]  # type: ignore[attr-defined]
    odd = [node for node in heads if node.layer.loss.target_source != heads[0].layer.loss.target_source]  # type: ignore[attr-defined]
    if odd:
        fix = "Export the module alone, and write the training around it."
        words = (
            f"{odd[0].title} and {heads[0].title} have losses that need the targets in two forms, which no script has."
        )
        raise GraphError([Problem("error", f"{words} {fix}", odd[0].id, fix=fix)])


def _loss_call(loss: Loss) -> str:
    """The call that makes the module of a loss."""
    kind = loss.torch_class
    return call(path_of(kind) or kind.__name__, kind, loss.arguments())


class _Script:
    """The parts of the file, and what they have in common."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.prepared: Prepared = prepare(project.data)
        self.report = check(project)
        with torch.device("meta"):  # its source is wanted, not its numbers
            self.network = compile_network(project.graph, self.prepared.input_type)
        self.heads: list[Any] = [node.layer for node in boundary(project.graph, "output")]
        self.place = next((place for place, head in enumerate(self.heads) if head.target == "target"), 0)
        self.main = self.heads[self.place]  # figures are made of it
        main_id = boundary(project.graph, "output")[self.place].id
        given = self.report.nodes[main_id].output
        self.flat = given is not None and len(given.shape) > 1
        self.plain = len(self.heads) == 1 and self.main.weight == 1 and self.main.target == "target"
        self.loss: Loss = self.main.loss
        self.columns = [node.layer.features for node in boundary(project.graph, "input")]  # type: ignore[attr-defined]
        task = self.prepared.data.task
        self.whole_targets = task == "classification"
        self.classes = self.whole_targets and self.main.target == "target"
        kind = "classification" if self.classes else "regression"
        self.metrics = [made() for made in registered(Metric).values() if kind in made.tasks and made.usual]
        dataset = project.data.dataset
        assert dataset is not None
        self.rows = fragments.take_apart(dataset.source())
        self.train_rows = len(self.prepared.train_rows)
        self.batch_size = min(project.training.batch_size or self.train_rows, self.train_rows)
        self.whole = self.batch_size == self.train_rows  # every step sees all rows
        self.tested = len(self.prepared.test_rows) > 0
        raw = self.prepared.train_targets[:1]
        of_target = self.main.target == "target"
        self.changed_target = of_target and self.loss.target(raw, task).dtype != raw.dtype

    def source(self) -> str:
        parts = [
            self._head(),
            fragments.sorted_imports(self._imports()) + "\n",
            self._constants(),
            *(f"\n{part}" for part in self.rows.definitions),
            f"\n{self._load_data()}",
            *(f"\n{part}" for part in module.own_classes(self.project.graph)),
            *(f"\n{inspect.getsource(own)}" for own in dict.fromkeys(o for h in self.heads for o in h.loss.own_source)),
            f"\n{module.class_source(self.project.graph, self.report)}",
            *(f"\n{fragments.metric_functions(metric)}" for metric in self.metrics),
            f"\n{self._add_sums()}",
            *([] if self.plain else [f"\n{self._total_loss()}"]),
            *([f"\n{self._evaluate()}"] if self.tested else []),
            f"\n{_SAY}",
            f"\n{self._main()}",
            '\nif __name__ == "__main__":\n    main()\n',
        ]
        return "\n".join(part.rstrip("\n") + "\n" for part in parts)

    def _head(self) -> str:
        words = module.plain(f"{self.project.title or 'A network'}. {self.project.sentence}".strip())
        first = textwrap.fill(words, 110, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False)
        return (
            f"{first}\n#\n"
            "# Written by NN Studio. It needs torch, numpy and scikit-learn, and gives the losses of\n"
            "# `nnstudio train` to the last bit on the same computer. With --json it prints one object an epoch.\n"
        )

    def _imports(self) -> list[str]:
        needed = ["import argparse", "import json", "import math", "import time", "import numpy as np", "import torch"]
        needed += ["from torch import nn", *self.rows.imports]
        if self.tested:
            needed.append("from sklearn.model_selection import train_test_split")
        if self.prepared.mean is not None:
            needed.append("from sklearn.preprocessing import StandardScaler")
        return needed

    def _constants(self) -> str:
        training = self.project.training
        lines = [f"SEED = {training.seed}", f"EPOCHS = {training.epochs}"]
        if not self.whole:
            lines.append(f"BATCH_SIZE = {self.batch_size}")
        lines.append(f"DEVICE = {_DEVICES[training.device]}")
        listed = ", ".join(f'"{metric.key}": ({metric.key}_sums, {metric.key})' for metric in self.metrics)
        self._listed = f"METRICS = {{{listed}}}\n"
        return "\n".join(lines) + "\n"

    def _load_data(self) -> str:
        data = self.project.data
        said = "Training inputs and targets, then test inputs and targets." if self.tested else "Inputs and targets."
        lines = ["def load_data():", f'    """{said}"""']
        lines += textwrap.indent(self.rows.statements, "    ").splitlines()
        inputs, targets = ("train_X, test_X", "train_y, test_y") if self.tested else ("X", "y")
        if self.tested:
            given = f"test_size={literal(data.test_share)}, random_state={data.random_state}"
            lines.append(f"    train_X, test_X, train_y, test_y = train_test_split(X, y, {given})")
        if self.prepared.mean is not None:
            lines += self._standardise(inputs)
        lines.append(f"    {inputs} = {self._each(inputs, self._tensor(self.prepared.input_type.dtype == 'int64'))}")
        lines.append(f"    {targets} = {self._each(targets, self._tensor(self.whole_targets))}")
        if self.changed_target:
            lines.append(f"    {targets} = {self._each(targets, self.loss.target_source, name='y')}")
        lines.append("    return train_X, train_y, test_X, test_y" if self.tested else "    return X, y")
        return "\n".join(lines) + "\n"

    def _standardise(self, inputs: str) -> list[str]:
        """The scaler knows the training part alone; images go through it as rows of numbers."""
        table = self.prepared.data.inputs.ndim == 2
        first = inputs.split(",")[0]
        fitted, scaled = "{0}", "scaler.transform({0})"
        if not table:
            fitted = "{0}.reshape(len({0}), -1)"
            scaled = f"scaler.transform({fitted}).reshape({{0}}.shape)"
        return [
            f"    scaler = StandardScaler().fit({fitted.format(first)})",
            f"    {inputs} = {self._each(inputs, scaled.format('part'))}",
        ]

    def _each(self, names: str, expression: str, name: str = "part") -> str:
        """An expression in `part`, for one name or for each of several."""
        if "," in names:
            return f"({expression} for {name} in ({names}))"
        return re.sub(rf"\b{name}\b", names, expression)

    def _tensor(self, whole: bool) -> str:
        return f"torch.from_numpy(np.ascontiguousarray(part, {'np.int64' if whole else 'np.float32'}))"

    def _add_sums(self) -> str:
        flat = ".flatten(1)" if self.flat and not self.classes else ""
        prediction = self.loss.classes_source if self.classes else f"{self.loss.values_source}{flat}"
        target = "(target[:, 0] > 0).long()" if self.changed_target else f"target{flat}"
        return (
            f"{self._listed}\n\n"
            "def add_sums(sums, output, target):\n"
            '    """Add what the metrics are made of."""\n'
            f"    prediction, truth = {prediction}, {target}\n"
            "    for name, (measure, _) in METRICS.items():\n"
            "        sums[name] = sums.get(name, 0.0) + measure(prediction, truth)\n\n\n"
            "def figures(sums):\n"
            '    """The metrics by name."""\n'
            "    return {name: figure(sums[name]) for name, (_, figure) in METRICS.items()}\n"
        )

    def _called(self, rows: str) -> str:
        """The call of the model: with all columns, or those of each Input."""
        table = self.prepared.data.inputs.ndim == 2
        chosen = [f"{rows}[:, {list(columns)!r}]" if columns and table else rows for columns in self.columns]
        return f"model({', '.join(chosen)})"

    def _loss(self, output: str, rows: str, targets: str) -> str:
        return f"loss_function({output}, {targets})" if self.plain else f"loss_function({output}, {rows}, {targets})"

    def _main_output(self, output: str) -> str:
        """The output that figures are made of."""
        return output if len(self.heads) == 1 else f"{output}[{self.place}]"

    def _aim(self, rows: str, targets: str) -> str:
        """What that output is compared with."""
        return rows if self.main.target == "input" else targets

    def _total_loss(self) -> str:
        """Several losses, or one with a weight, or one that looks at the input."""
        lines = [
            "def total_loss(output, x, y):",
            '    """The losses of all outputs, each times its weight."""',
        ]
        terms = []
        for place, head in enumerate(self.heads):
            made = _loss_call(head.loss)
            output = "output" if len(self.heads) == 1 else f"output[{place}]"
            if head.weight:
                terms.append(f"{head.weight!r} * {made}({output}, {'x' if head.target == 'input' else 'y'})")
        if not terms:
            terms = ["output.sum() * 0.0" if len(self.heads) == 1 else "output[0].sum() * 0.0"]
        lines.append(f"    total = {terms[0]}")
        lines += [f"    total = total + {term}" for term in terms[1:]]
        return "\n".join([*lines, "    return total"]) + "\n"

    def _evaluate(self) -> str:
        return (
            "def evaluate(model, loss_function, inputs, targets):\n"
            '    """Loss and metrics with the weights as they are."""\n'
            "    total, sums = 0.0, {}\n"
            "    model.eval()\n"
            "    with torch.inference_mode():\n"
            f"        for x, y in zip(inputs.split({ROWS_A_LOOK}), targets.split({ROWS_A_LOOK}), strict=True):\n"
            f"            output = {self._called('x')}\n"
            f"            total += {self._loss('output', 'x', 'y')}.item() * len(x)\n"
            f"            add_sums(sums, {self._main_output('output')}, {self._aim('x', 'y')})\n"
            "    model.train()\n"
            '    return {"loss": total / len(inputs)} | figures(sums)\n'
        )

    def _main(self) -> str:
        training = self.project.training
        assert training.optimizer is not None
        arguments = training.optimizer.arguments()
        kind = training.optimizer.torch_class
        made = call(path_of(kind) or kind.__name__, kind, arguments, first=("model.parameters()",))
        loss = _loss_call(self.loss)
        loss = loss if self.plain else "total_loss"
        steps = -(-self.train_rows // self.batch_size)
        schedule = training.schedule.source(training.epochs, steps) if training.schedule else ""
        scheduled = f"    schedule = {textwrap.indent(schedule, '    ').lstrip()}\n" if schedule else ""
        count = threads_for(self.project, self.report)
        threads = f"    torch.set_num_threads({count})  # too small a network to be divided\n" if count else ""
        loaded = "train_x, train_y, test_x, test_y" if self.tested else "train_x, train_y"
        tested = "evaluate(model, loss_function, test_x, test_y)" if self.tested else "{}"
        return (
            "def main():\n"
            '    parser = argparse.ArgumentParser(description="Trains the network.")\n'
            '    parser.add_argument("--json", action="store_true", help="print one JSON object for each epoch")\n'
            "    as_json = parser.parse_args().json\n\n"
            f"    {loaded} = (part.to(DEVICE) for part in load_data())\n"
            f"{threads}"
            "    torch.manual_seed(SEED)\n"
            f"    model = {module.CLASS_NAME}().to(DEVICE)\n"
            f"    loss_function = {loss}\n"
            f"    optimizer = {made}\n"
            f"{scheduled}"
            "    started = time.perf_counter()\n"
            "    step = 0\n"
            "    for epoch in range(1, EPOCHS + 1):\n"
            f"{textwrap.indent(self._epoch(), '        ')}"
            '        if not math.isfinite(train["loss"]):\n'
            "            wrong = f\"The loss became {train['loss']} in epoch {epoch}.\"\n"
            '            raise SystemExit(f"{wrong} Lower the learning rate.")\n'
            "        record = {\n"
            '            "epoch": epoch,\n'
            '            "step": step,\n'
            '            "train": train,\n'
            f'            "test": {tested},\n'
            '            "lr": optimizer.param_groups[0]["lr"],\n'
            '            "seconds": time.perf_counter() - started,\n'
            "        }\n"
            f"        say(record, as_json)\n{self._schedule_after_epoch()}    if as_json:\n"
            "        parameters = sum(parameter.numel() for parameter in model.parameters())\n"
            '        done = {"done": True, "epochs": EPOCHS, "steps": step, "parameters": parameters}\n'
            '        print(json.dumps(done | {key: record[key] for key in ("seconds", "train", "test")}))\n'
        )

    def _schedule_after_epoch(self) -> str:
        """The step of a schedule that is stepped once in an epoch, told the loss if it watches that."""
        schedule = self.project.training.schedule
        if schedule is None or schedule.torch_class is None or schedule.stepped == "step":
            return ""
        part = "test" if self.tested else "train"
        watched = f'record["{part}"]["loss"]' if schedule.watches else ""
        return f"        schedule.step({watched})\n"

    def _epoch(self) -> str:
        """One epoch: the steps, and `train` with what is said of it."""
        schedule = self.project.training.schedule
        stepped = "schedule.step()\n" if schedule is not None and schedule.stepped == "step" else ""
        if self.whole:
            return (
                "optimizer.zero_grad()\n"
                f"output = {self._called('train_x')}\n"
                f"loss = {self._loss('output', 'train_x', 'train_y')}\n"
                "loss.backward()\n"
                "optimizer.step()\n"
                f"{stepped}"
                "step += 1\n"
                "sums = {}\n"
                f"add_sums(sums, {self._main_output('output')}.detach(), {self._aim('train_x', 'train_y')})\n"
                "total = loss.item() * len(train_x)\n"
                'train = {"loss": total / len(train_x)} | figures(sums)\n'
            )
        batches = -(-self.train_rows // self.batch_size)
        group = f"[first : first + {Run.BATCHES_A_SUM}]"
        summed = (
            f"add_sums(sums, torch.cat(outputs), {self._aim('inputs', 'targets')})\n"
            if batches <= Run.BATCHES_A_SUM
            else f"for first in range(0, len(outputs), {Run.BATCHES_A_SUM}):\n"
            f"    truth = {self._aim('inputs', 'targets')}.split(BATCH_SIZE){group}\n"
            f"    add_sums(sums, torch.cat(outputs{group}), torch.cat(truth))\n"
        )
        return (
            "# the order of the rows depends on the seed and the epoch alone\n"
            f"shuffle = torch.Generator().manual_seed(SEED * 1_000_003 + epoch - 1)\n"
            "order = torch.randperm(len(train_x), generator=shuffle).to(DEVICE)\n"
            "inputs, targets = train_x[order], train_y[order]\n"
            "total, outputs, sums = 0.0, [], {}\n"
            "for x, y in zip(inputs.split(BATCH_SIZE), targets.split(BATCH_SIZE), strict=True):\n"
            "    optimizer.zero_grad()\n"
            f"    output = {self._called('x')}\n"
            f"    loss = {self._loss('output', 'x', 'y')}\n"
            "    loss.backward()\n"
            "    optimizer.step()\n"
            f"{textwrap.indent(stepped, '    ')}"
            "    step += 1\n"
            "    total += loss.item() * len(y)\n"
            f"    outputs.append({self._main_output('output')}.detach())\n"
            f"{summed}"
            'train = {"loss": total / len(train_x)} | figures(sums)\n'
        )


_SAY = '''def say(record, as_json):
    """Print what is known of an epoch."""
    if as_json:
        print(json.dumps(record), flush=True)
        return
    words = [f"epoch {record['epoch']:>4}"]
    for part in ("train", "test"):
        words += [part, *(f"{name} {value:.4f}" for name, value in record[part].items())] if record[part] else []
    print("  ".join(words), flush=True)
'''
