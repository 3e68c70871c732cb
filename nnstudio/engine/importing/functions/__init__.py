"""Functions of torch and the layers that do the same: one entry for each, by the function's name."""

from nnstudio.engine.importing.functions import (  # noqa: F401  (they fill the table)
    activations,
    arithmetic,
    networks,
    recurrent,
    reductions,
    shapes,
    weighted,
)
from nnstudio.engine.importing.functions.table import translate

__all__ = ["translate"]
