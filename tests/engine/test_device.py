"""Which device trains, and why another one does not."""

from __future__ import annotations

import pytest
import torch

from engine.projects import iris
from nnstudio.core.project import DEVICES
from nnstudio.engine.device import choose, devices
from nnstudio.engine.run import Run, RunError


def without_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: False)


def test_every_device_is_listed_with_a_sentence() -> None:
    reports = devices()
    assert {report.name for report in reports} | {"auto"} == set(DEVICES)
    assert all(report.sentence.endswith(".") and "\n" not in report.sentence for report in reports)
    assert reports[-1].name == "cpu" and reports[-1].usable


def test_auto_takes_the_processor_where_there_is_no_gpu(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch)
    assert choose("auto") == choose("cpu") == torch.device("cpu")


def test_auto_takes_the_gpu_where_there_is_one(monkeypatch: pytest.MonkeyPatch) -> None:
    without_gpu(monkeypatch)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose("auto") == choose("mps") == torch.device("mps")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "get_device_name", lambda: "Some GPU")
    assert choose("auto") == torch.device("cuda")


@pytest.mark.parametrize("name", ["cuda", "mps"])
def test_one_that_is_not_there_is_refused_with_the_reason(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    without_gpu(monkeypatch)
    reason = next(report.sentence for report in devices() if report.name == name)
    with pytest.raises(ValueError, match=f"^{name} cannot be used") as refused:
        choose(name)
    assert reason in str(refused.value) and "Use auto or cpu" in str(refused.value)
    with pytest.raises(RunError, match=f"{name} cannot be used"):
        Run(iris(device=name))


@pytest.mark.parametrize(
    ("cuda", "built", "words"),
    [(None, False, "has no CUDA"), ("12.8", False, "No NVIDIA GPU"), (None, True, "too old for MPS")],
)
def test_the_reason_is_the_true_one(monkeypatch: pytest.MonkeyPatch, cuda: str | None, built: bool, words: str) -> None:
    without_gpu(monkeypatch)
    monkeypatch.setattr(torch.version, "cuda", cuda)
    monkeypatch.setattr(torch.backends.mps, "is_built", lambda: built)
    assert any(words in report.sentence for report in devices() if not report.usable)


def test_a_name_that_no_device_has() -> None:
    with pytest.raises(ValueError, match=r"no device called 'abacus'. Use auto, cpu, cuda or mps"):
        choose("abacus")
