"""The inspector: what is selected, its settings, what it computes, how it is doing, and what is wrong with it."""

from nnstudio.ui.inspector.inspector import Inspector

__all__ = ["Inspector"]
