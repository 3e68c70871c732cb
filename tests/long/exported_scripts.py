"""Random trainings as exported scripts: the same records and weights as a Run, bit for bit.

    python -m tests.long.exported_scripts [--count 200] [--seed 0]

Each training (optimizer, schedule, dropout or batch norm, accumulation, clipping, groups, averages, precision, early
stopping, class weights, all at random) is written as a script, which runs in a process where there is no NN Studio.
Where torch.compile works, three more are trained by compiled networks.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)

    from engine.random_trainings import random_training
    from engine.scripts import assert_the_same, printed_by_all
    from nnstudio.engine.export.python import to_python
    from nnstudio.engine.kernels import why_not_compile

    began = time.monotonic()
    made = {f"training {seed}": random_training(seed) for seed in range(options.seed, options.seed + options.count)}
    if reason := why_not_compile():
        print(reason)
    else:
        made |= {f"compiled {seed}": random_training(seed).with_training(compile=True) for seed in range(3)}
    same = 0
    with tempfile.TemporaryDirectory() as folder:
        printed = printed_by_all({name: to_python(project) for name, project in made.items()}, Path(folder), "ignore")
        for name, project in made.items():
            try:
                assert_the_same(project, printed[name])
                same += 1
            except AssertionError as error:
                print(f"{name}: {error}")
    print(f"{same} of {len(made)} scripts are their Runs; {time.monotonic() - began:.0f} s")
    return int(same < len(made))


if __name__ == "__main__":
    sys.exit(main())
