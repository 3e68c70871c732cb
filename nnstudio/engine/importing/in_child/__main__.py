"""`python -m nnstudio.engine.importing.in_child REQUEST`: the child process."""

from __future__ import annotations

import sys

from nnstudio.engine.importing.in_child.child import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
