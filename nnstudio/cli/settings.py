"""Settings of the training that a command line sets: they become settings of the saved project.

Their names are those of the window and of the file, with hyphens. `none` switches a limit off.
"""

from __future__ import annotations

import argparse
import math
from argparse import ArgumentParser, ArgumentTypeError, BooleanOptionalAction, Namespace
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nnstudio.cli.refusal import PROBLEMS, Refusal

if TYPE_CHECKING:
    from nnstudio.core.project import Project

# How several processes are started.
START = "torchrun --nproc-per-node N -m nnstudio train FILE"

_PRECISIONS = ("float32", "bfloat16", "float16")
# Options whose values are settings of the same name.
_NAMES = (
    "epochs",
    "batch_size",
    "accumulate",
    "seed",
    "clip_norm",
    "clip_value",
    "precision",
    "compile",
    "captured",
    "patience",
    "min_delta",
    "keep_best",
    "ema_decay",
    "class_weights",
    "decay_biases",
)


def add_to(parser: ArgumentParser) -> None:
    """The options of `nnstudio train`."""
    group = parser.add_argument_group("settings, which are saved in the project")

    def add(name: str, sentence: str, **more: Any) -> None:
        group.add_argument(f"--{name}", default=argparse.SUPPRESS, help=sentence, **more)

    add(
        "epochs",
        "train until N epochs are done (when they are done already, N more), in place of the project's number",
        type=whole(1, 10_000_000),
        metavar="N",
    )
    add("lr", "the learning rate", type=number(0, 1e6), metavar="X")
    add("batch-size", "rows in a batch; all for the full batch", type=or_word("all", whole(1, 10_000_000)), metavar="N")
    add("accumulate", "batches whose gradients make one update", type=whole(1, 1_000_000), metavar="N")
    add(
        "seed",
        "the seed in place of the project's; weights that were trained with another one are started anew",
        type=whole(0, 2**32 - 1),
        metavar="S",
    )
    limit = or_word("none", number(1e-12, 1e12))
    add("clip-norm", "the largest norm of all gradients together, or none", type=limit, metavar="X")
    add("clip-value", "the largest magnitude of each gradient, or none", type=limit, metavar="X")
    add(
        "patience",
        "stop after N epochs in which the watched loss has not improved, or none",
        type=or_word("none", whole(1, 10_000_000)),
        metavar="N",
    )
    add("min-delta", "by how much it must fall to count as improved", type=number(0, 1e12), metavar="X")
    add("keep-best", "end with the weights of the best epoch", action=BooleanOptionalAction)
    add(
        "ema-decay",
        "test with a moving average of the weights that forgets so slowly, or none",
        type=or_word("none", number(0, 0.9999999)),
        metavar="X",
    )
    add("class-weights", "let rows of rare classes count more", action=BooleanOptionalAction)
    add("decay-biases", "let weight decay reach biases and scales of norms", action=BooleanOptionalAction)
    add("precision", ", ".join(_PRECISIONS), choices=_PRECISIONS, metavar="P")
    add("compile", "let torch.compile make the kernels", action=BooleanOptionalAction)
    add("captured", "record a step once and replay it", action=BooleanOptionalAction)


def add_together_to(parser: ArgumentParser) -> None:
    """The options of `nnstudio train` for several processes."""
    group = parser.add_argument_group(f"several processes ({START})")
    group.add_argument(
        "--shard", action="store_true", help="divide weights and the optimizer's state among the processes"
    )
    group.add_argument(
        "--checkpoint-folder",
        metavar="DIR",
        help="write checkpoints there, and go on from the newest, also with another number of processes",
    )
    group.add_argument(
        "--checkpoint-minutes",
        type=number(0, 1e6),
        default=10.0,
        metavar="X",
        help="how long after the last one a checkpoint is written within an epoch; 10 unless told",
    )


def applied(project: Project, line: Namespace) -> Project:
    """The project with what was set. Raises Refusal."""
    given = vars(line)
    changes = {name: given[name] for name in _NAMES if name in given}
    if "lr" in given:
        optimizer = project.training.optimizer
        if optimizer is None:
            sentence = f"{line.file} has no optimizer, so --lr has nothing to set. Choose one in the window."
            raise Refusal(sentence, PROBLEMS)
        changes["optimizer"] = optimizer.with_(lr=given["lr"])
    try:
        return project.with_training(**changes)
    except ValueError as error:
        raise Refusal(f"{line.file}: {error}.") from error


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number of this range."""

    def read(text: str) -> int:
        try:
            found = int(text)
        except ValueError:
            found = low - 1
        if not low <= found <= high:
            raise ArgumentTypeError(f"needs a whole number from {low} to {high}, but got {text[:40]!r}")
        return found

    return read


def number(low: float, high: float) -> Callable[[str], float]:
    """Reads a number of this range."""

    def read(text: str) -> float:
        try:
            found = float(text)
        except ValueError:
            found = math.nan
        if not low <= found <= high:
            raise ArgumentTypeError(f"needs a number from {low:.9g} to {high:.9g}, but got {text[:40]!r}")
        return found

    return read


def or_word(word: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads None from this word, and everything else with `read`."""

    def either(text: str) -> Any:
        if text == word:
            return None
        try:
            return read(text)
        except ArgumentTypeError as error:
            raise ArgumentTypeError(str(error).replace(", but got", f" or {word}, but got", 1)) from None

    return either
