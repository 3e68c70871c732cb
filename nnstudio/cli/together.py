"""`nnstudio train` as one of several processes that torchrun has started, and checkpoints of all of them in a folder.

One process speaks and saves. What goes wrong is said once, by the process that knows it first.
"""

from __future__ import annotations

import time
from argparse import Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nnstudio.cli import output, project_file
from nnstudio.cli.refusal import PROBLEMS, Refusal
from nnstudio.cli.settings import START
from nnstudio.engine.distributed.launch import local_rank, started_together

if TYPE_CHECKING:
    from nnstudio.core.checkpoint import Checkpoint
    from nnstudio.core.project import Project
    from nnstudio.engine.distributed.world import World
    from nnstudio.engine.run import Run


# After the end of an epoch a checkpoint is written, but not before so many times as long as it takes have passed.
_REST = 10


class Company:
    """The processes of one training, and the folder of their checkpoints.

    Attributes:
        world: all of them; None where this process is alone.
    """

    def __init__(self, line: Namespace, world: World | None) -> None:
        self.world = world
        self._folder = Path(line.checkpoint_folder) if line.checkpoint_folder else None
        self._seconds = line.checkpoint_minutes * 60
        self._seed: int | None = getattr(line, "seed", None)
        self._saved = time.monotonic()
        self._took = 0.0  # seconds, the same in all processes
        self._epoch = 0

    @property
    def first(self) -> bool:
        """Whether this process is the one that saves."""
        return self.world is None or self.world.first

    def start(self, file: str, project: Project, checkpoint: Checkpoint | None) -> Run:
        """A Run that goes on from the newest of a checkpoint and those in the folder. Raises Refusal."""
        world = self.world
        if world is not None:
            from nnstudio.engine.compiler import check
            from nnstudio.engine.distributed.sharding import does_not_fit, why_not_sharded

            if world.device.type == "cuda" and not world.sharded and not why_not_sharded(project):
                world.sharded = does_not_fit(project, check(project).parameters, world.device)
            if world.sharded and (reason := why_not_sharded(project)):
                raise Refusal(f"{file}: {reason}", PROBLEMS)
        found = None
        if self._folder is not None:
            from nnstudio.engine.distributed import shards

            if self._folder.exists() and not self._folder.is_dir():
                raise Refusal(f"{self._folder} is a file, not a folder. Choose another name for --checkpoint-folder.")
            place = shards.newest(self._folder)
            try:
                found = shards.read(place, world) if place is not None else None
            except shards.ShardsError as error:
                raise Refusal(str(error)) from error
            if found is not None and self._seed is not None and found.checkpoint.recipe.get("seed") != str(self._seed):
                raise Refusal(
                    f"{self._folder} holds a training with another seed. Choose an empty folder, or leave --seed out."
                )
            if found is not None and checkpoint is not None and checkpoint.step >= found.checkpoint.step:
                found = None
        run = project_file.start(file, project, checkpoint if found is None else found.checkpoint, world)
        if found is not None:
            found.give_random_state(run, world)
        self._epoch = run.epoch
        return run

    def ends(self, run: Run, signal: int | None, reader_gone: bool) -> tuple[int | None, bool]:
        """Write a checkpoint when it is time; the signal that any process got, and whether a reader is gone."""
        passed = time.monotonic() - self._saved
        if self.world is not None:
            heard, gone, passed = self.world.largest(float(signal or 0), float(reader_gone), passed)
            signal, reader_gone = int(heard) or None, bool(gone)
        ended = run.epoch > self._epoch and passed >= _REST * self._took
        if self._folder is not None and (ended or passed >= self._seconds):
            self.save(run)
        return signal, reader_gone

    def save(self, run: Run) -> None:
        """Write a checkpoint into the folder, if there is one. Raises Refusal."""
        if self._folder is None:
            return
        from nnstudio.engine.distributed import shards

        began = time.monotonic()
        try:
            shards.save(run, self._folder, self.world)
        except shards.ShardsError as error:
            raise Refusal(str(error)) from error
        self._saved, self._epoch = time.monotonic(), run.epoch
        self._took = self._saved - began
        if self.world is not None:
            (self._took,) = self.world.largest(self._took)


@contextmanager
def joined(line: Namespace, device: str) -> Iterator[Company]:
    """Meet the other processes, if there are any; inside, they train together. Raises Refusal."""
    if not started_together():
        if line.shard:
            raise Refusal(f"--shard divides the weights among several processes. Start them so: {START} --shard")
        yield Company(line, None)
        return
    from nnstudio.engine.distributed.world import Lost, World

    try:
        world = World(device, sharded=line.shard)
    except (ValueError, Lost) as error:
        raise Refusal(str(error)) from error
    output.mute(not world.first)
    try:
        with world.losing():
            yield Company(line, world)
    except Exception as error:
        output.mute(not world.is_first_to_fail())
        if isinstance(error, Lost):
            raise Refusal(f"{line.file}: {error}", PROBLEMS) from error
        raise
    finally:
        world.leave()


@contextmanager
def one_speaks() -> Iterator[None]:
    """Of several processes on a computer that meet the same trouble, one says it."""
    output.mute(started_together() and local_rank() > 0)
    yield
