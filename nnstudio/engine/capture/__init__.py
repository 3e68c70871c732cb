"""Captured steps: what a training step computes, recorded once as a list of torch's kernels and replayed.

`trace` records, `plan` gives every intermediate result a place in memory that is allocated once, `script` writes the
list as a function that torch runs without Python, and `captured` replays it for a Run. A replay calls the same kernels
on the same numbers in the same order as the plain step, so it gives the same bytes; it is compared with the plain step
before it is used, and not used where a single byte differs.
"""
