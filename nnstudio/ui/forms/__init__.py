"""Forms, generated from the settings that a Spec declares."""

from nnstudio.ui.forms.fields import Field
from nnstudio.ui.forms.form import Form, SpecField, SpecForm, make_field

__all__ = ["Field", "Form", "SpecField", "SpecForm", "make_field"]
