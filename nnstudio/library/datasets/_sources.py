"""What datasets have in common: writing the source that makes their rows."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any


def call_source(function: Callable[..., Any], settings: dict[str, Any]) -> str:
    """Source that defines a pure numpy function and calls it, leaving `X` and `y`."""
    given = ", ".join(f"{name}={value!r}" for name, value in settings.items())
    return f"import numpy as np\n\n\n{inspect.getsource(function)}\n\nX, y = {function.__name__}({given})\n"
