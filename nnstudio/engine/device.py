"""Where a network can be trained: the CPU, a CUDA GPU, Apple's MPS; and why not, in a sentence."""

from __future__ import annotations

import threading
from dataclasses import dataclass

import torch


@dataclass(frozen=True)
class DeviceReport:
    """One device: its torch name, whether it can be used, and a sentence that says what it is or why it cannot."""

    name: str
    usable: bool
    sentence: str


# Kinds of device that stopped working: everything that is asked of them fails until the program is started again.
_lost: set[str] = set()


def lose(kind: str) -> None:
    """Take no notice of this kind of device any more, since it has stopped working."""
    if kind != "cpu":
        _lost.add(kind)


def devices() -> list[DeviceReport]:
    """All kinds of device, the preferred one first among the usable."""
    gone = {kind: DeviceReport(kind, False, "It stopped working. Start NN Studio again to use it.") for kind in _lost}
    cuda, mps = gone.get("cuda") or _cuda(), gone.get("mps") or _mps()
    return [cuda, mps, DeviceReport("cpu", True, f"The processor, with {torch.get_num_threads()} threads.")]


def choose(name: str) -> torch.device:
    """The device for a setting: "auto" takes the first that can be used.

    Raises:
        ValueError: the device cannot be used; the sentence says why.
    """
    reports = devices()
    if name == "auto":
        return torch.device(next(report.name for report in reports if report.usable))
    report = next((report for report in reports if report.name == name), None)
    if report is None:
        raise ValueError(f"There is no device called {name!r}. Use auto, cpu, cuda or mps.")
    if not report.usable:
        raise ValueError(f"{name} cannot be used: {report.sentence} Use auto or cpu.")
    return torch.device(name)


def _cuda() -> DeviceReport:
    if torch.cuda.is_available():
        return DeviceReport("cuda", True, f"{torch.cuda.get_device_name()} (CUDA {torch.version.cuda}).")
    if torch.version.cuda is None:
        return DeviceReport("cuda", False, "This build of PyTorch has no CUDA.")
    return DeviceReport("cuda", False, "No NVIDIA GPU or driver was found.")


def _mps() -> DeviceReport:
    if torch.backends.mps.is_available():
        return DeviceReport("mps", True, "Apple's GPU (Metal).")
    if not torch.backends.mps.is_built():
        return DeviceReport("mps", False, "MPS exists on Apple computers only.")
    return DeviceReport("mps", False, "This macOS is too old for MPS, or the computer has no Apple GPU.")


# Torch's generator for the processor is one for all threads: two windows that train at once take turns with it, so that
# each draws the numbers that it would draw alone.
random_numbers = threading.RLock()


def device_random_state(device: torch.device) -> torch.Tensor:
    """The state of the device's own generator, uint8; empty for the CPU, whose generator is torch's global one."""
    if device.type == "cuda":
        return torch.cuda.get_rng_state(device)
    if device.type == "mps":
        return torch.mps.get_rng_state()
    return torch.zeros(0, dtype=torch.uint8)


def set_device_random_state(device: torch.device, state: torch.Tensor) -> None:
    """Put the generator of the device where `device_random_state` found it; an empty state changes nothing."""
    if device.type == "cuda" and len(state):
        torch.cuda.set_rng_state(state, device)
    elif device.type == "mps" and len(state):
        torch.mps.set_rng_state(state)
