"""The forward of a drawing beside that of the module written by hand.

    python -m tests.benchmarks.forward [--rounds 30] [--batch 8] [--only resnet18 ...] [--full]

Every reference architecture is imported as a drawing with its weights. Each round runs the module and the network that
the drawing means, one after the other in the same process and each as often as takes about 20 ms, the first of the two
in turn. Printed is, for each architecture, the median over the rounds of the drawing's time over the module's, and the
share of rounds in which the drawing was the quicker of the two: 1.00 and about a half mean that they cost the same.
Small versions are the harder test, since there a call costs more than its arithmetic; `--full` takes published sizes.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))  # the references are a package among the tests

SPAN = 0.02  # seconds that one measurement takes, about
ALLOWED = 1.02


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=30)
    parser.add_argument("--only", nargs="+", default=[], metavar="NAME")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--full", action="store_true")
    options = parser.parse_args(arguments)

    import torch

    import nnstudio.library  # noqa: F401  (registers the layers)
    from nnstudio.engine.checkpoint import restore_weights
    from nnstudio.engine.compiler import compile_network
    from nnstudio.engine.importing import import_module
    from reference import REFERENCES, examples, module

    torch.set_num_threads(1)
    print(f"{'architecture':<28} {'ratio':>6}  {'from':>5}  {'to':>5}  {'quicker':>7}  {'one call':>9}")
    ratios: dict[str, float] = {}
    for reference in REFERENCES:
        if options.only and reference.name not in options.only:
            continue
        hand = module(reference, seed=1, small=not options.full).eval()
        rows = examples(reference, options.batch, seed=2, small=not options.full)
        imported = import_module(hand, rows, reference.title)
        drawn = compile_network(imported.project.graph).eval()
        restore_weights(drawn, imported.checkpoint)
        found, once = compare(hand, drawn, rows, options.rounds)
        ratios[reference.name] = statistics.median(found)
        quarters = statistics.quantiles(found, n=4)
        quicker = sum(ratio < 1 for ratio in found) / len(found)
        print(
            f"{reference.name:<28} {ratios[reference.name]:6.3f}  {quarters[0]:5.2f}  {quarters[2]:5.2f}  "
            f"{quicker:7.0%}  {once * 1000:6.2f} ms",
            flush=True,
        )
    over = sorted(name for name, ratio in ratios.items() if ratio > ALLOWED)
    print(f"\n{len(ratios)} architectures, median of the ratios {statistics.median(ratios.values()):.3f}")
    print(f"more than {ALLOWED - 1:.0%} slower than by hand: {', '.join(over) if over else 'none'}")
    return 0


def compare(hand, drawn, rows, rounds: int) -> tuple[list[float], float]:  # type: ignore[no-untyped-def]
    """The ratio of each round, and how many seconds one call of the module takes."""
    import torch

    def timed(network, times: int) -> float:  # type: ignore[no-untyped-def]
        began = time.perf_counter()
        for _ in range(times):
            network(*rows)
        return (time.perf_counter() - began) / times

    with torch.inference_mode():
        once = min(timed(network, 3) for network in (hand, drawn) for _ in range(3))
        times = max(1, round(SPAN / once))
        found = []
        for number in range(rounds):
            if number % 2:
                mine, theirs = timed(drawn, times), timed(hand, times)
            else:
                theirs, mine = timed(hand, times), timed(drawn, times)
            found.append(mine / theirs)
    return found, once


if __name__ == "__main__":
    sys.exit(main())
