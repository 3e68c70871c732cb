"""Main: the function that trains from the first epoch to the last, and says what came of each."""

from __future__ import annotations

from nnstudio.engine.export.expressions import literal
from nnstudio.engine.export.module import CLASS_NAME
from nnstudio.engine.export.script.epoch import Epoch
from nnstudio.engine.export.script.facts import Facts
from nnstudio.engine.export.script.loading import Loading
from nnstudio.engine.export.script.measuring import Measuring
from nnstudio.engine.export.script.processes import DEVICES, Processes
from nnstudio.engine.export.script.updating import Updating
from nnstudio.engine.threads import threads_for


class Main:
    """The statements of `main`, part by part."""

    def __init__(self, facts: Facts, loading: Loading, measuring: Measuring, updating: Updating, epoch: Epoch) -> None:
        self._facts = facts
        self._loading, self._measuring, self._updating, self._epoch = loading, measuring, updating, epoch
        training = facts.training
        self._watches = training.patience is not None or training.keep_best
        self._processes = Processes(facts)
        self._tested = "model" if training.ema_decay is None else "average.module"

    def constants(self) -> str:
        """What a person may want to change, above everything else."""
        facts, training = self._facts, self._facts.training
        lines = [f"SEED = {training.seed}", f"EPOCHS = {training.epochs}"]
        if not facts.whole:
            lines.append(f"BATCH_SIZE = {facts.batch_size}")
        if facts.accumulate > 1:
            lines.append(f"ACCUMULATE = {facts.accumulate}  # batches that make one update of the weights")
        if training.patience is not None:
            lines.append(f"PATIENCE = {training.patience}  # epochs without an improvement")
        lines.append(f"DEVICE = {(DEVICES if facts.together else _DEVICES)[training.device]}")
        lines += self._processes.constants
        return "\n".join(lines) + "\n"

    @property
    def definitions(self) -> list[str]:
        """What stands above `say` and `main`."""
        return self._processes.definitions

    def source(self) -> str:
        """The functions `say` and `main`."""
        facts = self._facts
        lines = [
            'parser = argparse.ArgumentParser(description="Trains the network.")',
            'parser.add_argument("--json", action="store_true", help="print one JSON object for each epoch")',
            "as_json = parser.parse_args().json",
            "",
            *self._processes.joining,
            f"{', '.join(self._loading.names)} = (part.to(DEVICE) for part in load_data())",
            *self._beginning(),
            "started = time.perf_counter()",
            "step = 0",
            *self._watching_begins(),
            "for epoch in range(1, EPOCHS + 1):",
            *_indented([*self._epoch.lines(), *self._after_epoch()]),
            *(["model.load_state_dict(weights)"] if facts.training.keep_best else []),
            *self._ending(),
            *self._processes.leaving,
        ]
        return f"{self._say()}\n\ndef main():\n" + "".join(f"    {line}".rstrip() + "\n" for line in lines)

    def _beginning(self) -> list[str]:
        """The network and all that trains it."""
        training = self._facts.training
        count = threads_for(self._facts.project, self._facts.report)
        lines = [f"torch.set_num_threads({count})  # too small a network to be divided"] if count else []
        lines += [
            "torch.manual_seed(SEED)",
            f"model = {CLASS_NAME}().to(DEVICE)",
            *self._processes.made,
            *self._measuring.loss_made(),
            *self._updating.made(),
        ]
        if training.precision == "float16":
            lines.append("scaler = torch.amp.GradScaler(DEVICE)")
        if training.ema_decay is not None:
            decay = literal(training.ema_decay)
            lines.append(f"average = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn({decay}))")
        if training.compile:
            lines.append("compiled = torch.compile(model)")
        return lines + self._processes.shared("compiled" if training.compile else "model")

    def _after_epoch(self) -> list[str]:
        """The record of an epoch, and what follows from it."""
        facts = self._facts
        lr = "lr" if facts.stepped == "step" else 'optimizer.param_groups[0]["lr"]'
        return [
            'if not math.isfinite(train["loss"]):',
            "    wrong = f\"The loss became {train['loss']} in epoch {epoch}.\"",
            '    raise SystemExit(f"{wrong} Lower the learning rate.")',
            *self._processes.settled([self._tested] if self._tested == "model" else ["model", self._tested]),
            "record = {",
            '    "epoch": epoch,',
            '    "step": step,',
            '    "train": train,',
            *([f'    "validation": {self._evaluated("validation")},'] if "validation" in facts.parts else []),
            f'    "test": {self._evaluated("test") if "test" in facts.parts else "{}"},',
            f'    "lr": {lr},',
            '    "seconds": time.perf_counter() - started,',
            "}",
            "say(record, as_json)",
            *self._watching(),
            *self._schedule_stepped(),
            *self._stopping(),
        ]

    def _evaluated(self, part: str) -> str:
        tested = "shared" if self._facts.together and self._tested == "model" else self._tested
        return f"evaluate({tested}, loss_function, {part}_x, {part}_y)"

    def _schedule_stepped(self) -> list[str]:
        """The step of a schedule that is stepped once in an epoch, told the loss if it watches that."""
        schedule = self._facts.training.schedule
        if schedule is None or self._facts.stepped != "epoch":
            return []
        return [f"schedule.step({self._watched if schedule.watches else ''})"]

    # -- the watched loss --------------------------------------------------------------------------------------------

    @property
    def _watched(self) -> str:
        return f'record["{self._facts.watched}"]["loss"]'

    def _watching_begins(self) -> list[str]:
        patient = self._facts.training.patience is not None
        if not self._watches:
            return []
        return ['best, best_epoch, note = math.nan, 0, ""' if patient else "best = math.nan"]

    def _watching(self) -> list[str]:
        """Whether the epoch was the best so far."""
        training = self._facts.training
        if not self._watches:
            return []
        least = f" - {literal(training.min_delta)}" if training.min_delta else ""
        patient = training.patience is not None
        kept = f"weights = {{name: value.clone() for name, value in {self._tested}.state_dict().items()}}"
        return [
            f"watched = {self._watched}",
            f"if math.isnan(best) or watched < best{least}:",
            f"    best{', best_epoch' if patient else ''} = watched{', epoch' if patient else ''}",
            *([f"    {kept}"] if training.keep_best else []),
        ]

    def _stopping(self) -> list[str]:
        if self._facts.training.patience is None:
            return []
        return [
            "if epoch - best_epoch >= PATIENCE:",
            '    note = f"Stopped after epoch {epoch}: the loss has not improved since epoch {best_epoch}."',
            "    break",
        ]

    # -- what is said ------------------------------------------------------------------------------------------------

    def _ending(self) -> list[str]:
        patient = self._facts.training.patience is not None
        parts = ", ".join(f'"{name}"' for name in self._spoken)
        lines = [
            "if as_json:",
            "    parameters = sum(parameter.numel() for parameter in model.parameters())",
            f'    done = {{"done": True, "epochs": {"epoch" if patient else "EPOCHS"}, "steps": step, '
            '"parameters": parameters}',
            *(['    done |= {"note": note} if note else {}'] if patient else []),
            f'    print(json.dumps(done | {{key: record[key] for key in ("seconds", {parts})}}))',
        ]
        return [*lines, "elif note:", "    print(note)"] if patient else lines

    @property
    def _spoken(self) -> list[str]:
        """The parts that every record has."""
        return [name for name in ("train", "validation", "test") if name != "validation" or name in self._facts.parts]

    def _say(self) -> str:
        return _SAY.replace("PARTS", ", ".join(f'"{name}"' for name in self._spoken))


def _indented(lines: list[str]) -> list[str]:
    return [f"    {line}" for line in lines]


_DEVICES = {
    "auto": '"cuda" if torch.cuda.is_available() else "mps" if torch.backends.mps.is_available() else "cpu"',
    "cpu": '"cpu"',
    "cuda": '"cuda"',
    "mps": '"mps"',
}
_SAY = '''def say(record, as_json):
    """Print what is known of an epoch."""
    if as_json:
        print(json.dumps(record), flush=True)
        return
    words = [f"epoch {record['epoch']:>4}"]
    for part in (PARTS):
        words += [part, *(f"{name} {value:.4f}" for name, value in record[part].items())] if record[part] else []
    print("  ".join(words), flush=True)
'''
