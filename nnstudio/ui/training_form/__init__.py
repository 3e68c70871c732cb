"""The form for how the network is trained."""

from nnstudio.ui.training_form.form import TrainingForm

__all__ = ["TrainingForm"]
