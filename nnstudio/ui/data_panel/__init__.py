"""The data panel: which rows, how they are divided and scaled, and what they look like."""

from nnstudio.ui.data_panel.data_panel import DataPanel

__all__ = ["DataPanel"]
