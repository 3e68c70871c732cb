"""What `nnstudio train` leaves in the file while it trains, and when the training goes wrong.

A program can be ended from outside at any moment. So the file is replaced now and then, each time whole, by one from
which the plain command goes on exactly.
"""

from __future__ import annotations

import time
from pathlib import Path

from nnstudio.cli.output import complain, say_json
from nnstudio.cli.refusal import PROBLEMS, Refusal
from nnstudio.core import storage
from nnstudio.core.blocks import title_at
from nnstudio.core.checkpoint import Checkpoint
from nnstudio.core.project import Project
from nnstudio.engine.last_good import finite
from nnstudio.engine.run import Run, Snapshot
from nnstudio.engine.trouble import Trouble

# Between two files this many times as long passes as the last one took to write.
_REST = 4


class Keeping:
    """The file of a training under way.

    Attributes:
        target: the file.
    """

    def __init__(self, target: Path, project: Project, picture: bytes, seconds: float) -> None:
        """`seconds` between two files; 0: none is written before the end."""
        self.target = target
        self._project, self._picture, self._seconds = project, picture, seconds
        self._due = time.monotonic() + seconds
        self._failed = False
        self._written = False

    def look(self, run: Run, snapshot: Snapshot) -> None:
        """Write the file if it is time to. Where that fails, it is said once, and the training goes on."""
        began = time.monotonic()
        if not self._seconds or began < self._due or snapshot.done or run.sharing.world is not None:
            return
        learned = run.checkpoint()
        if finite(learned):
            run.last_good.keep(learned)
            self._write(learned)
        ended = time.monotonic()
        self._due = ended + max(self._seconds, _REST * (ended - began))

    def _write(self, learned: Checkpoint) -> bool:
        try:
            storage.write(self.target, self._project, learned, self._picture)
        except storage.StorageError as error:
            if not self._failed:
                complain(f"{error} The training goes on.")
            self._failed = True
            return False
        self._written = True
        return True

    def refusal(self, file: str, run: Run, before: Checkpoint | None, trouble: Trouble, *, as_json: bool) -> Refusal:
        """Save what can be gone on from, and say what went wrong."""
        good = trouble.good
        learned = good is not None and good.step > (before.step if before is not None else 0)
        if good is not None and (learned or self._written) and self._write(good):
            end = f"They are saved in {self.target}."
        else:
            end = "The file was left as it was."
        remedy = ""
        if trouble.changes:
            options = " ".join(f"--{name.replace('_', '-')} {value}" for name, value in trouble.changes.items())
            remedy = f"To go on so: nnstudio train {file} {options}"
        sentence = " ".join(part for part in (trouble.sentence, end, remedy) if part)
        if as_json:
            problem = trouble.problem
            said = {"done": False, "problem": sentence}
            if problem is not None and problem.node is not None:
                said |= {"node": problem.node, "title": title_at(run.project.graph, problem.node)}
            say_json(said)
        return Refusal(f"{file}: {sentence}", PROBLEMS)
