"""Iris."""

from __future__ import annotations

from sklearn.datasets import load_iris

from nnstudio.library.datasets._bundled import Bundled


class Iris(Bundled, category="Table", loader=staticmethod(load_iris), target_name="species"):
    """Three species of iris by four lengths of their flowers: 150 rows, the classic first table."""
