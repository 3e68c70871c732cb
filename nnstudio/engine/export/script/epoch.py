"""Epoch: the steps of one epoch, as a script does them."""

from __future__ import annotations

from nnstudio.engine.export.expressions import literal
from nnstudio.engine.export.script.augmenting import Augmenting
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.run import Run


class Epoch:
    """The statements of an epoch: the steps, and `train` with what is said of it."""

    def __init__(self, facts: Facts, augmenting: Augmenting) -> None:
        self._facts, self._augmenting = facts, augmenting
        self._numbered = facts.accumulate > 1 or facts.augmented
        # What the main output is compared with: it changes with the inputs where these are changed at random.
        self._seen = facts.augmented and facts.main.target == "input"

    def lines(self) -> list[str]:
        """All of it."""
        return self._of_one_step() if self._facts.whole else self._of_batches()

    def _of_one_step(self) -> list[str]:
        facts = self._facts
        x = "x" if facts.augmented else "train_x"
        return [
            "optimizer.zero_grad()",
            *self._augmenting.changed("train_x", ""),
            *self._forward_and_backward(x, "train_y"),
            *self._update(),
            "step += 1",
            "sums = {}",
            f"add_sums(sums, {self._measured()}, {facts.aim(x, 'train_y')})",
            "total = loss.item() * len(train_x)",
            'train = {"loss": total / len(train_x)} | figures(sums)',
        ]

    def _of_batches(self) -> list[str]:
        zipped = "zip(inputs.split(BATCH_SIZE), targets.split(BATCH_SIZE), strict=True)"
        kept = ["total, outputs, sums = 0.0, [], {}"]
        if self._seen:
            kept = ["total, outputs, seen, sums = 0.0, [], [], {}"]
        if self._facts.accumulate > 1:
            kept.append(f"batches = list({zipped})")
            loop = "for number, (x, y) in enumerate(batches):"
        else:
            loop = f"for number, (x, y) in enumerate({zipped}):" if self._numbered else f"for x, y in {zipped}:"
        return [
            "# the order of the rows depends on the seed and the epoch alone",
            "shuffle = torch.Generator().manual_seed(SEED * 1_000_003 + epoch - 1)",
            "order = torch.randperm(len(train_x), generator=shuffle).to(DEVICE)",
            "inputs, targets = train_x[order], train_y[order]",
            *kept,
            loop,
            *_indented(self._step()),
            *self._summed(),
            'train = {"loss": total / len(train_x)} | figures(sums)',
        ]

    def _step(self) -> list[str]:
        """One batch."""
        lines = ["optimizer.zero_grad()"]
        if self._facts.accumulate > 1:
            lines = [
                "first = number - number % ACCUMULATE  # of the batches that make one update together",
                "together = min(ACCUMULATE, len(batches) - first)",
                "if number == first:",
                "    optimizer.zero_grad()",
            ]
        lines += [*self._augmenting.changed("x", " + number"), *self._forward_and_backward("x", "y")]
        if self._facts.accumulate > 1:
            lines += ["if number == first + together - 1:", *_indented(self._update())]
        else:
            lines += self._update()
        lines += ["step += 1", "total += loss.item() * len(y)", f"outputs.append({self._measured()})"]
        return [*lines, "seen.append(x)"] if self._seen else lines

    def _forward_and_backward(self, x: str, y: str) -> list[str]:
        facts = self._facts
        lines = [f"output = {facts.called(facts.stepped_model, x)}", f"loss = {facts.lost('output', x, y)}"]
        if facts.training.precision != "float32":
            lines = [f"with torch.autocast(DEVICE, torch.{facts.training.precision}):", *_indented(lines)]
        share = " * (1 / together)" if facts.accumulate > 1 else ""
        if self._scales:
            return [*lines, f"scaler.scale(loss{share}).backward()"]
        return [*lines, f"(loss{share}).backward()" if share else "loss.backward()"]

    def _update(self) -> list[str]:
        """The weights are changed by the gradients that are there."""
        training = self._facts.training
        lines = []
        if training.clip_value is not None:
            lines.append(f"nn.utils.clip_grad_value_(model.parameters(), {literal(training.clip_value)})")
        if training.clip_norm is not None:
            lines.append(f"nn.utils.clip_grad_norm_(model.parameters(), {literal(training.clip_norm)})")
        if self._scales:
            lines = ["scaler.unscale_(optimizer)", *lines] if lines else []
            lines += ["scaler.step(optimizer)", "scaler.update()"]
        else:
            lines.append("optimizer.step()")
        if self._facts.stepped == "step":
            lines += ['lr = optimizer.param_groups[0]["lr"]', "schedule.step()"]
        if training.ema_decay is not None:
            lines.append("average.update_parameters(model)")
        return lines

    @property
    def _scales(self) -> bool:
        return self._facts.training.precision == "float16"

    def _measured(self) -> str:
        """The main output of a batch, in full precision."""
        full = "" if self._facts.training.precision == "float32" else ".float()"
        return f"{self._facts.main_output('output')}.detach(){full}"

    def _summed(self) -> list[str]:
        """What figures are made of, some batches at a time: the sums are rounded as they are in a Run."""
        group = f"[first : first + {Run.BATCHES_A_SUM}]"
        aim = self._facts.aim("inputs", "targets")
        if self._facts.batches <= Run.BATCHES_A_SUM:
            return [f"add_sums(sums, torch.cat(outputs), {'torch.cat(seen)' if self._seen else aim})"]
        truth = "seen" if self._seen else f"{aim}.split(BATCH_SIZE)"
        return [
            f"for first in range(0, len(outputs), {Run.BATCHES_A_SUM}):",
            f"    truth = {truth}{group}",
            f"    add_sums(sums, torch.cat(outputs{group}), torch.cat(truth))",
        ]


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]
