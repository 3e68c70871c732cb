"""Causal masks: which place may look at which."""

from __future__ import annotations

import torch

FORMS = ("allowed", "hidden", "minus infinity")


def causal_mask(length: int, columns: int, form: str) -> torch.Tensor:
    """True where a place may look, true where it may not, or −inf where it may not."""
    if form == "minus infinity":
        return torch.full((length, columns), float("-inf")).triu(1)
    ones = torch.ones(length, columns, dtype=torch.bool)
    return ones.tril() if form == "allowed" else ones.triu(1)


def causal_mask_source(length: int, columns: int, form: str) -> str:
    """The expression for `causal_mask`."""
    if form == "minus infinity":
        return f'torch.full(({length}, {columns}), float("-inf")).triu(1)'
    return f"torch.ones({length}, {columns}, dtype=torch.bool)" + (".tril()" if form == "allowed" else ".triu(1)")
