"""`nnstudio`: opens the window, or runs a command. The one file that knows all floors."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from nnstudio.cli import command_line
from nnstudio.cli.refusal import WRONG_USE, Refusal

IMPORT_CHILD = "--import-child"


def main(argv: Sequence[str] | None = None) -> int:
    """Do what the command line says; the exit code."""
    words = sys.argv[1:] if argv is None else argv
    if words[:1] == [IMPORT_CHILD]:  # a program that is one file starts itself to run what it imports
        from nnstudio.engine.importing.in_child.child import main as import_child

        return import_child(words[1:])
    try:
        line = command_line.parse(words)
    except Refusal as refusal:
        return command_line.refuse(refusal, "--debug" in words)
    except SystemExit as answered:  # --help and --version
        return answered.code if isinstance(answered.code, int) else 0
    if line.command is not None:
        return command_line.run(line)
    try:
        from nnstudio.ui.application import open_window  # no command imports Qt
    except ImportError as error:
        sentence = f"The window cannot be opened: {error}. The commands work without one: nnstudio --help."
        return command_line.refuse(Refusal(sentence, WRONG_USE), line.debug)
    return open_window(line.file)


if __name__ == "__main__":
    sys.exit(main())
