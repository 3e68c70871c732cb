"""`nnstudio train` as one of several processes that torchrun has started, and checkpoints of all of them in a folder.

One process speaks and saves. What goes wrong is said once, by the process that knows it first.
"""

from __future__ import annotations

import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from nnstudio.cli import output, project_file, settings
from nnstudio.cli.refusal import PROBLEMS, Refusal

if TYPE_CHECKING:
    from nnstudio.core.checkpoint import Checkpoint
    from nnstudio.core.project import Project
    from nnstudio.engine.distributed.world import World
    from nnstudio.engine.run import Run

_START = "torchrun --nproc-per-node N -m nnstudio train FILE"


def add_to(parser: ArgumentParser) -> None:
    """The options of `nnstudio train`."""
    group = parser.add_argument_group(f"several processes ({_START})")
    group.add_argument(
        "--shard", action="store_true", help="divide weights and the optimizer's state among the processes"
    )
    group.add_argument(
        "--checkpoint-folder",
        metavar="DIR",
        help="write checkpoints of all processes there, and go on from the newest of them, with any number of processes",
    )
    group.add_argument(
        "--checkpoint-minutes",
        type=settings.number(0, 1e6),
        default=10.0,
        metavar="X",
        help="how long after the last one a checkpoint is written within an epoch; 10 unless told",
    )


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
        self._epoch = 0

    @property
    def first(self) -> bool:
        """Whether this process is the one that saves."""
        return self.world is None or self.world.first

    def start(self, file: str, project: Project, checkpoint: Checkpoint | None) -> Run:
        """A Run that goes on from the newest of a checkpoint and those in the folder. Raises Refusal."""
        world = self.world
        if world is not None and not world.sharded and world.device.type == "cuda":
            from nnstudio.engine.compiler import check
            from nnstudio.engine.distributed.sharding import does_not_fit

            world.sharded = does_not_fit(project, check(project).parameters, world.device)
        found = None
        if self._folder is not None:
            from nnstudio.engine.distributed import shards

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
        """Write a checkpoint when it is time, and tell the signal that any process got, and whether a reader is gone."""
        due = time.monotonic() - self._saved >= self._seconds
        if self.world is not None:
            found = self.world.largest(float(signal or 0), float(reader_gone), float(due))
            signal, reader_gone, due = int(found[0]) or None, bool(found[1]), bool(found[2])
        if self._folder is not None and (due or run.epoch > self._epoch):
            self.save(run)
        return signal, reader_gone

    def save(self, run: Run) -> None:
        """Write a checkpoint into the folder, if there is one. Raises Refusal."""
        if self._folder is None:
            return
        from nnstudio.engine.distributed import shards

        try:
            shards.save(run, self._folder, self.world)
        except shards.ShardsError as error:
            raise Refusal(str(error)) from error
        self._saved, self._epoch = time.monotonic(), run.epoch


@contextmanager
def joined(line: Namespace, device: str) -> Iterator[Company]:
    """Meet the other processes, if there are any; inside, they train together. Raises Refusal."""
    from nnstudio.engine.distributed.world import Lost, World, started_together

    if not started_together():
        if line.shard:
            raise Refusal(f"--shard divides the weights among several processes. Start them so: {_START} --shard")
        yield Company(line, None)
        return
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
    from nnstudio.engine.distributed.world import local_rank, started_together

    output.mute(started_together() and local_rank() > 0)
    yield
