"""BreastCancer."""

from __future__ import annotations

from sklearn.datasets import load_breast_cancer

from nnstudio.library.datasets._bundled import Bundled


class BreastCancer(Bundled, category="Table", loader=staticmethod(load_breast_cancer), target_name="diagnosis"):
    """Benign or malignant by thirty measurements of cells: 569 rows."""

    title = "Breast cancer"
