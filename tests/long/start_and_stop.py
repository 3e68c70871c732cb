"""Whatever a person does to a training, in whatever order, many times.

    python -m tests.long.start_and_stop [--count 10000] [--steps 40] [--seed 0]

Sequences of at most `--steps` rules (train, pause, resume, stop, one step, one epoch, reset, edit, undo, apply, save,
close, an error in a step, a weight that is spoilt) are drawn and done, with up to fifty milliseconds between them. One
worker at most is alive, no state is one that there is not, stopping ends, and what is kept can be gone on from.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

    from hypothesis import HealthCheck, Phase, seed, settings
    from hypothesis.stateful import run_state_machine_as_test
    from PySide6.QtWidgets import QApplication

    from ui.training_machine import TrainingMachine

    application = QApplication([])
    began = time.monotonic()
    chosen = settings(
        max_examples=options.count,
        stateful_step_count=options.steps,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.generate,),
    )
    run_state_machine_as_test(seed(options.seed)(TrainingMachine), settings=chosen)
    print(f"{options.count} sequences, none went wrong, {time.monotonic() - began:.0f} s")
    application.quit()
    return 0


if __name__ == "__main__":
    sys.exit(main())
