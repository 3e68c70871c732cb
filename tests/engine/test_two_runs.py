"""Two trainings at once in one process draw the numbers that each of them draws alone."""

from __future__ import annotations

import threading

from engine.projects import layer, spirals
from engine.test_run import digest, finish
from nnstudio.engine.run import Run


def test_two_runs_in_two_threads_do_not_draw_from_each_other() -> None:
    projects = [
        spirals(layer("Linear", out_features=8), layer("Dropout", p=0.4), layer("Tanh"), epochs=40, seed=seed)
        for seed in (1, 2)
    ]
    expected = [digest(finish(Run(project)).checkpoint()) for project in projects]
    runs = [Run(project) for project in projects]
    threads = [threading.Thread(target=finish, args=(run,)) for run in runs]
    for thread in threads:
        thread.start()
    for seed in range(20):  # and a third that is only made, as a window does for its first pictures
        Run(spirals(seed=seed))
    for thread in threads:
        thread.join()
    assert [digest(run.checkpoint()) for run in runs] == expected
