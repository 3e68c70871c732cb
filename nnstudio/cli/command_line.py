"""The command line itself: which commands there are, what they take, and how they end.

The module of a command is imported when the command runs, so that `nnstudio examples` need not wait for torch.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import sys
import traceback
import warnings
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import NoReturn

from nnstudio import __version__
from nnstudio.cli import output, settings
from nnstudio.cli.refusal import INTERRUPTED, PROBLEMS, READER_GONE, WRONG_USE, ReaderGone, Refusal

COMMANDS = ("examples", "new", "check", "train", "lr-range", "evaluate", "compare", "predict", "export", "import")
_DEVICES = ("auto", "cpu", "cuda", "mps")


class _Parser(argparse.ArgumentParser):
    """Complains in one sentence."""

    def error(self, message: str) -> NoReturn:
        sentence = message[:1].upper() + message[1:]
        raise Refusal(f"{sentence.rstrip('.')}. {self.prog} --help says how it is used.")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """What was asked for. `command` is None for the window; `file` is then the project to open, or None.

    Raises:
        Refusal: it makes no sense.
        SystemExit: --help or --version was answered.
    """
    words = list(argv)
    debug = "--debug" in words
    words = [word for word in words if word != "--debug"]
    if not words:
        return argparse.Namespace(command=None, file=None, debug=debug)
    if words[0] not in COMMANDS and not words[0].startswith("-"):
        return argparse.Namespace(command=None, file=_file_to_open(words), debug=debug)
    line = _parser().parse_args(words)
    line.debug = debug
    return line


def run(line: argparse.Namespace) -> int:
    """Run a command; the exit code."""
    with suppress(AttributeError, ValueError):  # a terminal that lacks an arrow gets a question mark, not a traceback
        sys.stdout.reconfigure(errors="replace")  # type: ignore[union-attr]
    try:
        with warnings.catch_warnings():
            if not line.debug:
                warnings.simplefilter("ignore")
            # `import` is a word of Python's own
            module = {"import": "importing", "lr-range": "lr_range"}.get(line.command, line.command)
            code: int = importlib.import_module(f"nnstudio.cli.{module}").run(line)
            return code
    except ReaderGone:
        output.silence()
        return READER_GONE
    except KeyboardInterrupt:
        return INTERRUPTED
    except Exception as error:
        return refuse(error, line.debug)


def refuse(error: Exception, debug: bool) -> int:
    """Say in one sentence why it did not work; the exit code."""
    if debug:
        traceback.print_exception(error)
    if isinstance(error, Refusal):
        output.complain(str(error))
        return error.code
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        output.complain(f"{place}{error.strerror or error}.")
        return WRONG_USE
    words = (str(error).strip() or "no words").split("\n")[0].rstrip(".")
    output.complain(f"The command failed with {type(error).__name__}: {words}. With --debug it shows where.")
    return PROBLEMS


def _file_to_open(words: list[str]) -> str:
    first, rest = words[0], words[1:]
    if not rest and Path(first).exists():
        return first
    alike = difflib.get_close_matches(first, COMMANDS, 1)
    hint = f" Did you mean {alike[0]}?" if alike else " nnstudio --help lists the commands."
    if rest and Path(first).is_file():
        raise Refusal(f"{rest[0]!r} is one word too many after the file to open.{hint}")
    raise Refusal(f"{first!r} is neither a file nor a command.{hint}")


def _parser() -> _Parser:
    parser = _Parser(
        prog="nnstudio",
        usage="nnstudio [FILE]\n       nnstudio COMMAND …",
        description="Draw a neural network, train it, and watch what it does. "
        "`nnstudio` or `nnstudio FILE` opens the window; the commands work without one.",
        epilog="It ends with 0 when all is good, 1 when the project has problems, "
        "2 for wrong use or a file that cannot be read. `nnstudio COMMAND --help` says more.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"nnstudio {__version__}")
    parser.add_argument("--debug", action="store_true", help="with an error, show where it happened")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True, prog="nnstudio")

    def command(name: str, sentence: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = commands.add_parser(
            name, help=sentence, description=f"{sentence[:1].upper()}{sentence[1:]}.", allow_abbrev=False
        )
        return added

    def reads_project(added: argparse.ArgumentParser) -> None:
        added.add_argument("file", metavar="FILE", help="the project file")

    def speaks_json(added: argparse.ArgumentParser, sentence: str) -> None:
        added.add_argument("--json", action="store_true", help=sentence)

    examples = command("examples", "list the examples that come with the program")
    speaks_json(examples, "print one object")

    new = command("new", "make a project file from an example, or from a file of data")
    new.add_argument("example", metavar="EXAMPLE", nargs="?", help="its name, as `nnstudio examples` lists it")
    new.add_argument("file", metavar="FILE", help="the project file to make; its name is taken as it is")
    new.add_argument("--force", action="store_true", help="replace FILE when it is there already")
    new.add_argument(
        "--data", metavar="PATH", help="a table, arrays, a folder of images, a text: a network that suits it is drawn"
    )
    new.add_argument("--as", dest="kind", metavar="DATASET", help="how PATH is read, where its name does not say it")
    new.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a setting of the dataset: target=price",
    )

    check = command("check", "say the shapes, the parameters and the problems of a project")
    reads_project(check)
    speaks_json(check, "print one object")
    check.add_argument("--cost", action="store_true", help="also count multiplications and memory")
    check.add_argument(
        "--sizes", action="store_true", help="also say which sizes the inputs may have, and what follows"
    )

    train = command("train", "train a project, and save weights and curves in its file")
    reads_project(train)
    settings.add_to(train)
    train.add_argument("--device", choices=_DEVICES, metavar="D", help="auto, cpu, cuda or mps, for this time")
    train.add_argument("--out", metavar="FILE", help="save there, and leave the project file as it is")
    train.add_argument(
        "--save-every",
        type=settings.number(0, 1e6),
        default=30.0,
        metavar="SECONDS",
        help="how often the file is saved while it trains, so that a training that is killed goes on from there; "
        "30 unless told, 0 for at the end alone",
    )
    settings.add_together_to(train)
    speaks_json(train, 'print one object a line: one for each epoch, and a last one with "done"')

    lr_range = command(
        "lr-range", "find a learning rate: train a copy with rates that rise, and say how the loss falls"
    )
    reads_project(lr_range)
    for name, default, words in (("low", 1e-7, "first"), ("high", 10.0, "last")):
        lr_range.add_argument(
            f"--{name}",
            type=settings.number(1e-30, 1e30),
            default=default,
            metavar="X",
            help=f"the {words} learning rate; {default:g} unless told",
        )
    lr_range.add_argument(
        "--steps",
        type=settings.whole(2, 1_000_000),
        default=100,
        metavar="N",
        help="how many updates of the weights; 100 unless told",
    )
    lr_range.add_argument("--weights", action="store_true", help="begin with the weights in the file, not new ones")
    lr_range.add_argument("--device", choices=_DEVICES, metavar="D", help="auto, cpu, cuda or mps, for this time")
    speaks_json(lr_range, 'print one object a line: one for each update, and a last one with "done"')

    evaluate = command("evaluate", "measure loss and metrics of a trained project")
    reads_project(evaluate)
    evaluate.add_argument(
        "--part",
        choices=("train", "validation", "test"),
        help="the part that is looked at closely; the test part unless told, or what there is",
    )
    evaluate.add_argument("--output", metavar="OUT.csv", help="also write truth and prediction of each of its rows")
    speaks_json(evaluate, "print one object")

    compare = command("compare", "train classical models on the same rows, and say how they stand beside the network")
    reads_project(compare)
    speaks_json(compare, 'print one object a line: one for each model, and a last one with "done"')

    predict = command("predict", "let a trained project predict the rows of a file, or go on with a text")
    reads_project(predict)
    rows = (
        "the rows: a table with the names of the features on top (CSV, or a file like the one that it was trained on), "
        "an array (.npy, .npz), a picture, a folder of pictures, or a text"
    )
    predict.add_argument("rows", nargs="?", metavar="ROWS", help=rows)
    predict.add_argument("--input", metavar="ROWS", help="the same, by name")
    predict.add_argument("--output", metavar="OUT.csv", help="where the predictions go; without it they are printed")
    predict.add_argument(
        "--length",
        type=settings.whole(1, 1_000_000),
        default=200,
        metavar="N",
        help="of a text: how many tokens are added; 200 unless told",
    )
    predict.add_argument(
        "--temperature",
        type=settings.number(0, 100),
        default=1.0,
        metavar="T",
        help="of a text: how bold it is; 0 always takes the likeliest token, 1 is usual",
    )
    predict.add_argument(
        "--top-k",
        type=settings.whole(1, 1_000_000),
        metavar="K",
        help="of a text: draw from the K likeliest tokens alone",
    )
    predict.add_argument(
        "--seed", type=settings.whole(0, 2**32 - 1), default=0, metavar="S", help="the same seed gives the same text"
    )

    export = command("export", "write a project as a file for other programs")
    reads_project(export)
    forms = (
        "python: one file that trains the network; torchrun: the same for several processes; "
        "module: the network alone, as classes of torch; "
        "onnx: the network with its weights, for ONNX Runtime; "
        "pt2: the same, for torch.export.load; safetensors: the weights alone"
    )
    choices = ("python", "torchrun", "module", "onnx", "pt2", "safetensors")
    export.add_argument("--to", required=True, choices=choices, metavar="FORMAT", help=forms)
    export.add_argument("out", metavar="OUT", help="the file to write")
    speaks_json(export, "print one object")

    importing = command("import", "make a project of what others wrote, or put weights from a file into one")
    importing.add_argument(
        "file",
        metavar="FILE[:CLASS]",
        help="an ONNX file, a .pt2 of torch.export, a Python file with the name of a torch.nn.Module in it, or a "
        "project that gets weights",
    )
    importing.add_argument(
        "--arguments", metavar="JSON", help='what the class is made with: {"depth": 3}, or a list such as [3, 10]'
    )
    importing.add_argument(
        "--input",
        action="append",
        default=[],
        metavar="SIZES",
        help="the sizes of one row of an input, without the batch: 3x32x32, or 16:int64; once for each input",
    )
    importing.add_argument(
        "--weights", metavar="FILE", help="put the weights of this file in: safetensors, .pt or .pth"
    )
    importing.add_argument(
        "-o", "--output", metavar="OUT", help="the project file to make; else it is called as FILE is"
    )
    importing.add_argument("--force", action="store_true", help="replace OUT when it is there already")
    importing.add_argument(
        "--agree", action="store_true", help="you agree that the code in FILE is run (a Python file or a .pt2)"
    )
    speaks_json(importing, "print one object")
    return parser
