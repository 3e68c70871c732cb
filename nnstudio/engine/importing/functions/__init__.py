"""Functions of torch and the layers that do the same: one entry for each, by the function's name."""

from nnstudio.engine.importing.functions import arithmetic, networks, shapes  # noqa: F401  (fill the table)
from nnstudio.engine.importing.functions.table import translate

__all__ = ["translate"]
