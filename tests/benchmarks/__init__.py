"""Measurements, as paired ratios in one run. None of them is a timed test."""
