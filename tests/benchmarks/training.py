"""Steps per second beside the loop of a tutorial, and beside other programs.

    python -m tests.benchmarks.training [--rounds 5] [--seconds 0.6] [--only spirals ...] [--threads N]

The loop of a tutorial: a DataLoader that shuffles, zero_grad, forward, loss, backward, step of Adam as torch makes it,
and `.item()` of the loss at each step; it tests nothing. A Run does the same updates, counts the training figures of
every epoch and evaluates the test rows after each. In every round each of them trains for about the same time, one
after the other, in the same process, the order turned round from one round to the next. Printed is the median over the
rounds of its steps per second over the tutorial's, with the least and the largest.

"Run, plain" is the same Run with `captured` switched off. The rest are other programs, where they are installed: their
own fit with everything quiet, so that a step is all that is left. scikit-learn's MLP has no convolutions and no
recurrent layers. TensorFlow Playground's engine runs under Node, given its built file with `--playground nn.js`; its
page does one epoch a picture, 1,500 steps a second at 60 pictures.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the projects are a package among the tests

Stretch = Callable[[float], float]  # trains for about so many seconds; steps per second


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.6)
    parser.add_argument("--only", nargs="+", default=[], metavar="TASK")
    parser.add_argument("--threads", type=int, default=0, help="for all of them; 0 is the choice of each")
    parser.add_argument("--playground", type=Path, help="TensorFlow Playground's nn.ts, built as a module for Node")
    options = parser.parse_args(arguments)

    import torch

    from benchmarks.training_rivals import rivals
    from benchmarks.training_tasks import tasks

    if options.threads:
        torch.set_num_threads(options.threads)
    print(f"torch {torch.__version__}, {torch.get_num_threads()} threads, {options.rounds} rounds")
    for task in tasks():
        if options.only and task.name not in options.only:
            continue
        runners: dict[str, Stretch] = {"tutorial": task.tutorial()}
        runners["Run"] = task.run(captured=True)
        runners["Run, plain"] = task.run(captured=False)
        runners |= rivals(task, options.playground)
        report(task.name, measured(runners, options.rounds, options.seconds))
    return 0


def measured(runners: dict[str, Stretch], rounds: int, seconds: float) -> dict[str, list[float]]:
    """Steps per second of each runner in each round; a first round warms up and is not counted."""
    found: dict[str, list[float]] = {name: [] for name in runners}
    for number in range(rounds + 1):
        names = list(runners) if number % 2 else list(reversed(runners))
        for name in names:
            rate = runners[name](seconds)
            if number:
                found[name].append(rate)
    return found


def report(name: str, rates: dict[str, list[float]]) -> None:
    """One line for each runner."""
    base = rates["tutorial"]
    print(f"\n{name}: the tutorial's loop does {statistics.median(base):,.0f} steps a second")
    for runner, own in rates.items():
        if runner == "tutorial":
            continue
        ratios = [mine / theirs for mine, theirs in zip(own, base, strict=True)]
        print(
            f"  {runner:<24} {statistics.median(ratios):6.2f}  [{min(ratios):.2f} {max(ratios):.2f}]"
            f"  {statistics.median(own):>10,.0f}/s",
            flush=True,
        )


def clocked(step: Callable[[], int]) -> Stretch:
    """A stretch that calls `step`, which says how many steps it did, until the time is over."""

    def stretch(seconds: float) -> float:
        began = time.perf_counter()
        done = 0
        while (now := time.perf_counter()) - began < seconds:
            done += step()
        return done / (now - began)

    return stretch


if __name__ == "__main__":
    sys.exit(main())
