"""Reference architectures, written by hand: what the drawings, the exports and the imports are compared with.

Each is an ordinary `nn.Module` of torch's own layers and operations, in full size and in a small one that runs at once.
Nothing here knows the program.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reference import (
    bert,
    classic,
    control,
    convnext,
    dense,
    detection,
    diffusion,
    dilated,
    efficient,
    gated,
    generative,
    inception,
    inception_v3,
    language,
    mobile,
    pictures,
    recurrent,
    resnet,
    segmentation,
    sets,
    swin,
    tables,
    temporal,
    translation,
    vision_transformers,
    xception,
)
from reference.entry import Example, Reference, tokens

__all__ = ["REFERENCES", "Example", "Reference", "examples", "module", "outputs", "tokens"]

REFERENCES: tuple[Reference, ...] = (
    *classic.REFERENCES,
    *resnet.REFERENCES,
    *dense.REFERENCES,
    *mobile.REFERENCES,
    *efficient.REFERENCES,
    *inception.REFERENCES,
    *inception_v3.REFERENCES,
    *xception.REFERENCES,
    *convnext.REFERENCES,
    *vision_transformers.REFERENCES,
    *swin.REFERENCES,
    *gated.REFERENCES,
    *language.REFERENCES,
    *bert.REFERENCES,
    *translation.REFERENCES,
    *recurrent.REFERENCES,
    *temporal.REFERENCES,
    *segmentation.REFERENCES,
    *dilated.REFERENCES,
    *detection.REFERENCES,
    *generative.REFERENCES,
    *diffusion.REFERENCES,
    *pictures.REFERENCES,
    *tables.REFERENCES,
    *sets.REFERENCES,
    *control.REFERENCES,
)


def examples(reference: Reference, batch: int, seed: int, small: bool = True) -> tuple[Tensor, ...]:
    """One tensor for each input, the same ones for the same seed."""
    inputs = reference.small_inputs if small else reference.inputs
    generator = torch.Generator(device="cpu").manual_seed(seed)
    return tuple(example.tensor(batch, generator) for example in inputs)


def outputs(result: Tensor | tuple | list | dict) -> tuple[Tensor, ...]:
    """What a network gave, be it one tensor, a tuple or a dictionary, as a tuple."""
    if isinstance(result, Tensor):
        return (result,)
    if isinstance(result, dict):
        return tuple(result.values())
    return tuple(result)


def module(reference: Reference, seed: int, small: bool = True) -> nn.Module:
    """The network, with the same weights for the same seed; torch's own random state stays as it was."""
    make = reference.small if small else reference.make
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return make()
