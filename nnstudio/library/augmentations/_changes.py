"""What augmentations have in common: one function of torch each, and its source."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterable
from typing import Any, ClassVar

from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Augmentation
from nnstudio.core.problems import Complaint


class Change(Augmentation, abstract=True):
    """An augmentation that is a function of (rows, generator, settings) with torch alone, written out in its file."""

    function: ClassVar[Any] = None

    def arguments(self) -> dict[str, Any]:
        """What the function is given after the rows and the generator: all settings by their own names."""
        return {setting.name: getattr(self, setting.name) for setting in self.settings()}

    def apply(self, rows: Any, generator: Any) -> Any:
        return type(self).function(rows, generator, **self.arguments())

    def source(self) -> str:
        """The same function, with the settings as the defaults of its last parameters."""
        source = inspect.getsource(type(self).function)
        written = ast.parse(source).body[0]
        assert isinstance(written, ast.FunctionDef)
        body = "\n".join(source.splitlines()[written.body[0].lineno - 1 :])
        needed = [name for name in ("math", "torch") if re.search(rf"\b{name}\.", body)]
        imports = "".join(f"import {name}\n" for name in needed)
        given = "".join(f", {name}={value!r}" for name, value in self.arguments().items())
        return f"{imports}\n\ndef {written.name}(rows, generator{given}):\n{body}\n"


class PictureChange(Change, abstract=True):
    """A change of pictures [batch, channels, height, width]."""

    def check(self, input_type: TensorType) -> Iterable[Complaint]:
        if len(input_type.shape) != 3 or input_type.dtype != "float32":
            yield Complaint(
                "pictures with the three axes channels, height and width",
                f"rows of the shape {input_type.text}",
                "Take it out of the augmentations in the Data panel, or choose data that are pictures.",
            )
