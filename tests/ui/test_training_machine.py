"""Some sequences of the machine; `python -m tests.long.start_and_stop` drives it for longer."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from ui.training_machine import TrainingMachine


def test_whatever_is_done_in_whatever_order(qapp: Any, pytestconfig: pytest.Config) -> None:
    run_state_machine_as_test(
        TrainingMachine,
        settings=settings(
            max_examples=25,
            stateful_step_count=20,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            database=None,
        ),
    )
