"""Training in the window beside the same training without one.

    python -m tests.benchmarks.window [--rounds 5] [--seconds 4] [--example spirals]

Each round trains the same Run twice, one after the other in the same process: alone, and in the window with all its
panels visible. It prints, for each round and as the median, the steps per second of the window over those without it,
and how late a 5 ms timer of the event loop came. The numbers that matter are ratios: these machines are noisy.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time

import numpy as np


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--example", default="spirals")
    options = parser.parse_args(arguments)

    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    import torch
    from PySide6.QtCore import QSettings, Qt, QTimer
    from PySide6.QtWidgets import QApplication

    QSettings.setDefaultFormat(QSettings.Format.IniFormat)
    QSettings.setPath(QSettings.Format.IniFormat, QSettings.Scope.UserScope, tempfile.mkdtemp())

    from nnstudio.core.storage import project_from_json
    from nnstudio.engine.run import Run
    from nnstudio.ui import theme
    from nnstudio.ui.document import Document
    from nnstudio.ui.window import Window
    from nnstudio.ui.worker import training_threads
    from tests.benchmarks.examples import example_json

    application = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(application, QApplication)
    theme.apply(application, theme.LIGHT)
    torch.set_num_threads(training_threads())
    project = project_from_json(example_json(options.example)).with_training(epochs=1_000_000)

    def alone() -> float:
        run = Run(project)
        for _ in run.snapshots(steps=200):
            pass
        first, began = run.step, time.perf_counter()
        for _ in run.snapshots():
            if time.perf_counter() - began >= options.seconds:
                break
        return (run.step - first) / (time.perf_counter() - began)

    window = Window(Document(project))
    window.resize(1600, 1000)
    window.show()
    application.processEvents()
    training = window.training

    def spin(seconds: float) -> None:
        end = time.perf_counter() + seconds
        while time.perf_counter() < end:
            application.processEvents()
            time.sleep(0.002)

    spin(1.0)
    late: list[float] = []
    expected = [0.0]
    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(5)

    def ticked() -> None:
        now = time.perf_counter()
        late.append(max(0.0, (now - expected[0]) * 1000 - 5.0))
        expected[0] = now

    timer.timeout.connect(ticked)

    def in_window() -> tuple[float, list[float]]:
        training.reset()
        training.train()
        loop_for(application, 0.7)  # begin-up: threads, first pictures
        late.clear()
        expected[0] = time.perf_counter()
        timer.start()
        assert training.run is not None
        first, began = training.run.step, time.perf_counter()
        loop_for(application, options.seconds)
        rate = (training.run.step - first) / (time.perf_counter() - began)
        timer.stop()
        training.pause()
        while training.busy:
            application.processEvents()
        return rate, list(late)

    ratios, tails = [], []
    print(f"{options.example}: {options.rounds} rounds of {options.seconds:g} s, {training_threads()} threads at most")
    for turn in range(options.rounds):
        without = alone()
        within, lateness = in_window()
        ratios.append(within / without)
        tails.append(float(np.percentile(lateness, 99)))
        print(
            f"round {turn + 1}: window {within:,.0f} / alone {without:,.0f} steps/s = {ratios[-1]:.2f}; lateness "
            f"p50 {np.percentile(lateness, 50):.1f}  p95 {np.percentile(lateness, 95):.1f}  p99 {tails[-1]:.1f}  "
            f"max {max(lateness):.1f} ms"
        )
    print(
        f"ratio median {statistics.median(ratios):.2f} [{min(ratios):.2f} {max(ratios):.2f}]; "
        f"lateness p99 median {statistics.median(tails):.1f} ms [{min(tails):.1f} {max(tails):.1f}]"
    )
    costs = ", ".join(f"{key} {seconds * 1000:.1f} ms" for key, seconds in sorted(training.costs().items()))
    print(f"last picture of each view: {costs}")
    training.shut_down()
    return 0


def loop_for(application: object, seconds: float) -> None:
    """Run the event loop itself, as the program does, for this long."""
    from PySide6.QtCore import QEventLoop, QTimer

    loop = QEventLoop()
    QTimer.singleShot(int(seconds * 1000), loop.quit)
    loop.exec()


if __name__ == "__main__":
    sys.exit(main())
