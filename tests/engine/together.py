"""One of several processes that train projects together, for the tests: `python -m engine.together FOLDER`.

Each project file in the folder is trained, and rank 0 writes beside it what came of it. What is done with a project is
in its title, as JSON: {"sharded", "steps", "save", "resume"}.
"""

from __future__ import annotations

import json
import sys
import warnings
from pathlib import Path

from nnstudio.core import storage
from nnstudio.engine.distributed import shards
from nnstudio.engine.distributed.world import World
from nnstudio.engine.run import Run


def train(path: Path, world: World) -> None:
    """Train one project as its title says."""
    stored = storage.read(path)
    wanted = json.loads(stored.project.title or "{}")
    world.sharded = wanted.get("sharded", False)
    checkpoint, found = stored.checkpoint, None
    if "resume" in wanted:
        place = shards.newest(path.parent / wanted["resume"])
        assert place is not None
        found = shards.read(place, world)
        checkpoint = found.checkpoint
    run = Run(stored.project, checkpoint, world)
    if found is not None:
        found.give_random_state(run, world)
    for snapshot in run.snapshots(steps=wanted.get("steps")):
        last = snapshot
    assert not last.problem, last.problem
    if "save" in wanted:
        shards.save(run, path.parent / wanted["save"], world)
    kept = run.checkpoint()
    said = world.everyone(json.dumps([run.continuation, run.epoch, run.step, last.note]))
    assert len(set(said)) == 1, said
    if world.first:
        storage.write(path.with_suffix(".trained"), stored.project, kept)
        path.with_suffix(".json").write_text(said[0])


def main(folder: Path) -> None:
    """Train every project in the folder."""
    warnings.simplefilter("ignore")
    world = World("cpu")
    for path in sorted(folder.glob("*.nnstudio")):
        train(path, world)
    world.leave()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
