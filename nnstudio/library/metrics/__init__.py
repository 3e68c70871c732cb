"""Figures that people read beside the loss. One file each; a new file is found by itself."""
