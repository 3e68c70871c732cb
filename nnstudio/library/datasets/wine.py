"""Wine."""

from __future__ import annotations

from sklearn.datasets import load_wine

from nnstudio.library.datasets._bundled import Bundled


class Wine(Bundled, category="Table", loader=staticmethod(load_wine), target_name="grower"):
    """Three growers by thirteen measurements of their wines: 178 rows."""
