"""`nnstudio train`: train, and save weights and curves.

A file that holds weights goes on where it stopped; the curve goes on too. `--epochs`, `--lr` and the other settings
become settings of the saved project, so that a training that was interrupted is finished by the plain command;
`--device` does not, since it belongs to the machine. With `--seed`, weights that come from another seed are not
continued.
"""

from __future__ import annotations

import signal
import threading
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from nnstudio.cli import project_file, settings, together
from nnstudio.cli.keeping import Keeping
from nnstudio.cli.output import complain, figures, say, say_json
from nnstudio.cli.progress import PARTS, Progress, duration
from nnstudio.cli.refusal import GOOD, INTERRUPTED, PROBLEMS, TERMINATED, ReaderGone, Refusal
from nnstudio.engine.device import choose
from nnstudio.engine.kernels import why_not_compile
from nnstudio.engine.out_of_memory import Interruption
from nnstudio.engine.run import Run, Snapshot
from nnstudio.engine.trouble import trouble


def run(line: Namespace) -> int:
    """Train to the end, or until it is interrupted; save in both cases. Maybe as one of several processes."""
    with together.one_speaks():
        return _run(line)


def _run(line: Namespace) -> int:
    stored = project_file.read(line.file)
    target = Path(line.out or line.file)
    if stored.notices and not line.out:
        raise Refusal(f"{stored.notices[0].rstrip('.')}. To train with what is left into another file, use --out.")
    for notice in stored.notices:
        complain(notice)
    project_file.check_place(target)
    project, checkpoint = stored.project, stored.checkpoint
    if "seed" in line and checkpoint is not None and checkpoint.recipe.get("seed") != str(line.seed):
        checkpoint = None
    here = project = settings.applied(project, line)
    if line.device is not None:
        try:
            choose(line.device)
        except ValueError as error:
            raise Refusal(str(error)) from error
        here = project.with_training(device=line.device)
    if here.training.compile and (reason := why_not_compile(_kind(here.training.device))):
        raise Refusal(f"{reason} --no-compile switches it off.")
    stop = _Stop()
    with together.joined(line, here.training.device) as company:
        stop.patient = company.world is not None
        training = company.start(line.file, here, checkpoint)
        keeping = Keeping(target, project, stored.picture, line.save_every)
        with stop.listening():
            last, interruption = _tried(training, stop, company, keeping, as_json=line.json)
        wrong = trouble(training, interruption)
        if wrong is not None:
            raise keeping.refusal(line.file, training, checkpoint, wrong, as_json=line.json)
        if last.problem:  # of several processes
            if line.json:
                say_json({"done": False, "problem": last.problem})
            raise Refusal(f"{line.file}: {last.problem} The file was left as it was.", PROBLEMS)
        company.save(training)
        learned = training.checkpoint()
        if company.first:
            project_file.write(target, project, learned, stored.picture)
    if stop.reader_gone:
        raise ReaderGone
    if stop.signal is not None:
        complain(f"Stopped after epoch {training.epoch}; what was learned so far is saved in {target}.")
        return INTERRUPTED if stop.signal == signal.SIGINT else TERMINATED
    _say_end(training, str(target), last.note, as_json=line.json)
    return GOOD


def _kind(device: str) -> str:
    """The kind of device that this name stands for here; that it cannot be used is said by the Run."""
    try:
        return choose(device).type
    except ValueError:
        return device


class _Stop:
    """Why to end early: Ctrl+C, or nobody reads on. The step under way is finished; a second Ctrl+C does not wait.

    `patient`: it does, since torchrun passes on what the terminal has sent already.
    """

    def __init__(self) -> None:
        self.patient = False
        self.signal: int | None = None
        self.reader_gone = False

    @contextmanager
    def listening(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        kept = {number: signal.signal(number, self._hear) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)

    def _hear(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None and not self.patient:
            raise KeyboardInterrupt
        self.signal = number


def _tried(
    training: Run, stop: _Stop, company: together.Company, keeping: Keeping, *, as_json: bool
) -> tuple[Snapshot, Interruption | None]:
    """Train. Where a step fails, what is known of its error; nothing that it kept alive is there any more."""
    try:
        return _train(training, stop, company, keeping, as_json=as_json), None
    except (RuntimeError, MemoryError) as error:
        if company.world is not None:
            raise
        interruption = Interruption.of(error)
    return training.snapshot(), interruption


def _train(training: Run, stop: _Stop, company: together.Company, keeping: Keeping, *, as_json: bool) -> Snapshot:
    progress = Progress()
    told = len(training.history.epochs)
    last = training.snapshot()
    try:
        for last in training.snapshots():
            records = list(last.history.epochs[told:])
            told += len(records)
            try:
                if as_json:
                    for record in records:
                        say_json(record)
                else:
                    progress.show(last, list(records))
            except ReaderGone:
                stop.reader_gone = True
            if last.problem:
                break
            keeping.look(training, last)
            stop.signal, stop.reader_gone = company.ends(training, stop.signal, stop.reader_gone)
            if stop.signal is not None or stop.reader_gone:
                break
    finally:
        progress.finish()
    return last


def _say_end(training: Run, file: str, note: str, *, as_json: bool) -> None:
    record: dict[str, Any] = dict(training.history.epochs[-1])
    parameters = sum(parameter.numel() for parameter in training.network.parameters())
    if as_json:
        say_json(
            {
                "done": True,
                "epochs": training.epoch,
                "steps": training.step,
                "parameters": parameters,
                "seconds": training.seconds,
                "train": record["train"],
                "test": record["test"],
                **({"validation": record["validation"]} if record.get("validation") else {}),
                **({"note": note} if note else {}),
                "file": file,
            }
        )
        return
    if note:
        say(note)
    say(
        f"{training.epoch} epochs, {training.step} steps, {parameters:,} parameters, {duration(training.seconds)}: "
        + "; ".join(f"{part} {figures(record[part])}" for part in PARTS if record.get(part))
    )
    say(f"saved in {file}")
