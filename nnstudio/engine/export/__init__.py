"""A project as something that other programs take."""
