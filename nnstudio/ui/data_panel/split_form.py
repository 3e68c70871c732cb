"""SplitForm: how the rows are divided into parts and scaled, with how many rows each part has."""

from __future__ import annotations

from collections.abc import Mapping

from nnstudio.core.kinds import Split
from nnstudio.core.project import Project
from nnstudio.core.spec import Limits, Setting
from nnstudio.ui.data_panel.share_field import ShareField
from nnstudio.ui.forms import Form, SpecField, make_field

_SPLIT = Setting("split", Split | None, None, Limits("How rows are put aside for testing and validation."))
_TEST = Setting("test_share", float, 0.2, Limits("The part of the rows that is kept for testing.", 0, 0.9))
_VALIDATION = Setting(
    "validation_share",
    float,
    0.0,
    Limits("The part of the remaining rows that is watched while training, to stop or to choose by.", 0, 0.9),
)
_STATE = Setting("random_state", int, 42, Limits("Which rows are put aside: the seed of the split.", 0, 2**32 - 1))
_STANDARDISE = Setting(
    "standardise",
    bool,
    True,
    Limits("Subtract the mean of each feature and divide by its standard deviation, both from the training part."),
)
_WEIGHTS = Setting(
    "class_weights", bool, False, Limits("Let rows of rare classes count more, as much as they are rare.")
)


class SplitForm(Form):
    """The fields of `project.data` but the dataset, and the weights of classes."""

    def __init__(self) -> None:
        super().__init__()
        self.add(SpecField(_SPLIT, Split, none="Random"))
        self.test = ShareField(_TEST)
        self.validation = ShareField(_VALIDATION)
        for field in (self.test, self.validation):
            self.add(field)
        self.add(make_field(_STATE))
        self.add(make_field(_STANDARDISE))
        self.weights = self.add(make_field(_WEIGHTS))

    def renew_project(self, project: Project) -> None:
        """Show what a project has."""
        settings = project.data
        values = {name: getattr(settings, name) for name in settings.__dataclass_fields__}
        self.renew({**values, "class_weights": project.training.class_weights})

    def show_counts(self, counts: Mapping[str, int]) -> None:
        """Say beside the shares how many rows they are; nothing where it is not known."""
        for field, part in ((self.test, "test"), (self.validation, "validation")):
            field.show_note(f"{counts[part]:,} rows" if counts.get(part) else "")

    def show_weights(self, shown: bool) -> None:
        """Whether there are classes to be weighed."""
        self.weights.setVisible(shown)
