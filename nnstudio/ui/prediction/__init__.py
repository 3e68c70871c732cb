"""Prediction: of a picture, a row or a text made by hand, and of a file."""
