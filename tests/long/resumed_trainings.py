"""Random trainings that are interrupted and gone on with: the same bytes as without.

    python -m tests.long.resumed_trainings [--count 200] [--seed 0] [--kill 40]

Each of `--count` trainings (optimizer, schedule, dropout or batch norm, accumulation, clipping, groups, averages,
precision, early stopping, all at random) is stopped at random steps, in the middle of epochs too, saved, read back and
finished; SHA-256 over weights, optimizer, random state and history must equal those of the training that was never
stopped. Then `--kill` of them are trained by `nnstudio train --save-every` in processes of their own that are killed
(SIGKILL) at a random moment and started again, as often as it takes to reach the end.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kill", type=int, default=40)
    options = parser.parse_args(arguments)

    import torch

    from engine.test_resume import interrupted_equals_whole

    torch.set_num_threads(1)
    began = time.monotonic()
    failed = []
    for seed in range(options.seed, options.seed + options.count):
        try:
            with tempfile.TemporaryDirectory() as folder:
                interrupted_equals_whole(seed, Path(folder), stops=3)
        except Exception:
            failed.append(seed)
            print(f"training {seed}:\n{traceback.format_exc(limit=-2)}", flush=True)
        done = seed - options.seed + 1
        if done % 20 == 0:
            print(f"{done} trainings, {len(failed)} that differ, {time.monotonic() - began:.0f} s", flush=True)
    killed = [seed for seed in range(options.seed, options.seed + options.kill) if not survives(seed)]
    print(
        f"{options.count} trainings resumed, {len(failed)} differ; {options.kill} killed and gone on with, "
        f"{len(killed)} differ ({killed}); {time.monotonic() - began:.0f} s"
    )
    return 1 if failed or killed else 0


def survives(seed: int) -> bool:
    """Whether a training that is killed again and again ends with the bytes of one that is not."""
    from engine.random_trainings import random_training
    from engine.test_run import digest
    from nnstudio.core import storage

    # Long enough that a kill meets it; without early stopping, whose end is no reason to start again.
    project = random_training(seed).with_training(epochs=60, patience=None)
    with tempfile.TemporaryDirectory() as folder:
        whole, broken = Path(folder, "whole.nnstudio"), Path(folder, "broken.nnstudio")
        for path in (whole, broken):
            storage.write(path, project)
        subprocess.run(command(whole), check=True, capture_output=True, env=environment())
        moment = random.Random(seed)
        kills = 0
        while True:
            process = subprocess.Popen(
                command(broken), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment()
            )
            try:
                # The first second and a half is the start of Python and torch.
                _, said = process.communicate(timeout=1.5 + 2 * moment.random() if kills < 8 else None)
            except subprocess.TimeoutExpired:
                process.send_signal(signal.SIGKILL)
                process.communicate()
                kills += 1
                if finished(broken, project.training.epochs):
                    break  # it was killed on its way out, and would train as much again
                continue
            if process.returncode:
                print(f"training {seed}: {said.decode()}")
                return False
            break
        first, second = storage.read(whole).checkpoint, storage.read(broken).checkpoint
        assert first is not None and second is not None
        same = digest(first) == digest(second)
        print(f"training {seed}: killed {kills} times, {'the same' if same else 'DIFFERENT'}", flush=True)
        return same


def finished(path: Path, epochs: int) -> bool:
    """Whether the file holds the end of the training."""
    from nnstudio.core import storage

    checkpoint = storage.read(path).checkpoint
    return checkpoint is not None and checkpoint.epoch == epochs


def command(path: Path) -> list[str]:
    return [sys.executable, "-m", "nnstudio", "train", str(path), "--json", "--save-every", "0.05"]


def environment() -> dict[str, str]:
    return {**os.environ, "OMP_NUM_THREADS": "1"}


if __name__ == "__main__":
    sys.exit(main())
