"""The reference architectures are what they say they are."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from reference import REFERENCES, Reference, examples, module, outputs

EACH = pytest.mark.parametrize("reference", REFERENCES, ids=lambda reference: reference.name)

FAMILIES = {
    "Image classification": 29,
    "Language": 6,
    "Sequences": 11,
    "Segmentation": 5,
    "Detection": 2,
    "Generation": 13,
    "Tables": 7,
    "Sets and graphs": 7,
    "Control and functions": 7,
}
PUBLISHED = {
    "alexnet": 61_100_840,
    "vgg16": 138_357_544,
    "resnet18": 11_689_512,
    "resnet50": 25_557_032,
    "densenet121": 7_978_856,
    "inception_v3": 27_161_264,
    "mobilenet_v2": 3_504_872,
    "efficientnet_b0": 5_288_548,
    "vit_b_16": 86_567_656,
    "swin_t": 28_288_354,
    "convnext_tiny": 28_589_128,
    "gpt2": 124_439_808,
    "bert_base": 109_482_240,
    "t5_small": 60_506_624,
    "unet": 31_037_698,
    "deeplabv3_resnet50": 42_004_074,
    "ddpm": 35_746_307,
}


def meta(reference: Reference) -> nn.Module:
    """The full size without any memory."""
    with torch.device("meta"):
        return reference.make()


def test_how_many() -> None:
    names = [reference.name for reference in REFERENCES]
    assert len(set(names)) == len(names) >= 42
    assert len({reference.title for reference in REFERENCES}) == len(names)


def test_the_families() -> None:
    families = [reference.family for reference in REFERENCES]
    assert {family: families.count(family) for family in families} == FAMILIES


def test_the_well_known_counts_are_the_published_ones() -> None:
    by_name = {reference.name: reference for reference in REFERENCES}
    assert {name: by_name[name].published for name in PUBLISHED} == PUBLISHED
    assert by_name["lenet5"].parameters == 61_706


@EACH
def test_parameters(reference: Reference) -> None:
    assert sum(parameter.numel() for parameter in meta(reference).parameters()) == reference.parameters
    assert reference.published in (None, reference.parameters)


@EACH
def test_sentence(reference: Reference) -> None:
    sentence = reference.sentence
    assert sentence[0].isupper()
    assert sentence.endswith(".")
    assert ". " not in sentence
    assert "\n" not in sentence + reference.source + reference.title
    assert any(digit.isdigit() for digit in reference.source), "a year"


@EACH
def test_the_small_one_is_small(reference: Reference) -> None:
    network = module(reference, seed=0).eval()
    assert type(network).__qualname__ == type(meta(reference)).__qualname__
    assert sum(parameter.numel() for parameter in network.parameters()) < 1_000_000
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        network(*examples(reference, 1, seed=0))
    assert counter.get_total_flops() < 150_000_000


@EACH
def test_the_same_seed_gives_the_same(reference: Reference) -> None:
    state = torch.random.get_rng_state()
    first, second, other = (module(reference, seed).state_dict() for seed in (3, 3, 4))
    assert torch.equal(torch.random.get_rng_state(), state)
    assert all(torch.equal(first[name], second[name]) for name in first)
    assert any(not torch.equal(first[name], other[name]) for name in first)
    here, again = examples(reference, 2, seed=5), examples(reference, 2, seed=5)
    assert all(torch.equal(a, b) for a, b in zip(here, again, strict=True))


@EACH
def test_rows_do_not_know_of_each_other(reference: Reference) -> None:
    network = module(reference, seed=1).eval()
    inputs = examples(reference, 5, seed=2)
    with torch.no_grad():
        together = outputs(network(*inputs))
        single = [outputs(network(*(x[row : row + 1] for x in inputs))) for row in range(5)]
    for number, result in enumerate(together):
        assert result.shape[0] == 5
        assert result.dtype == torch.float32
        assert result.isfinite().all()
        rows = torch.cat([one[number] for one in single])
        torch.testing.assert_close(result, rows, rtol=1e-4, atol=1e-5 * float(result.abs().max()) + 1e-7)
    assert any(not torch.equal(result[0], result[1]) for result in together)


@EACH
def test_every_parameter_learns(reference: Reference) -> None:
    network = module(reference, seed=0).train()
    results = outputs(network(*examples(reference, 6, seed=3)))
    torch.manual_seed(0)
    sum((result * torch.randn_like(result)).sum() for result in results).backward()
    reached = {name for name, parameter in network.named_parameters() if parameter.grad is not None}
    assert {name for name, _ in network.named_parameters()} - reached == set(reference.unreached)
    assert all(parameter.grad.isfinite().all() for parameter in network.parameters() if parameter.grad is not None)


@EACH
def test_no_part_is_dead(reference: Reference) -> None:
    """Whether the answer depends on each of the weights: without, a comparison with a drawing would prove little."""
    network = module(reference, seed=0).eval()
    results = outputs(network(*examples(reference, 6, seed=3)))
    generator = torch.Generator().manual_seed(0)
    sum((result * torch.randn(result.shape, generator=generator)).sum() for result in results).backward()
    silent = {
        name
        for name, parameter in network.named_parameters()
        if parameter.grad is None or not parameter.grad.abs().max() > 0
    }
    assert silent == set(reference.unreached)


SHAPES = {
    "lenet5": [(10,)],
    "resnet18": [(1000,)],
    "inception_v3": [(1000,), (1000,)],
    "vit_b_16": [(1000,)],
    "gpt2": [(1024, 50257)],
    "bert_base": [(512, 768), (768,)],
    "seq2seq_luong": [(30, 10000)],
    "unet": [(2, 572, 572)],
    "unet_original": [(2, 388, 388)],
    "deeplabv3_resnet50": [(21, 520, 520), (21, 520, 520)],
    "dcgan_generator": [(3, 64, 64)],
    "ddpm": [(3, 32, 32)],
    "siamese": [(1,)],
    "two_in_two_out": [(5,), (1,)],
}


@pytest.mark.parametrize("name", SHAPES)
def test_shapes_in_full_size(name: str) -> None:
    reference = next(reference for reference in REFERENCES if reference.name == name)
    network = meta(reference).eval()
    inputs = tuple(x.to("meta") for x in examples(reference, 3, seed=0, small=False))
    assert [tuple(result.shape) for result in outputs(network(*inputs))] == [(3, *s) for s in SHAPES[name]]


def test_nothing_of_the_program_is_known() -> None:
    for path in Path(__file__).parent.glob("*.py"):
        assert path.name == Path(__file__).name or "nnstudio" not in path.read_text(encoding="utf-8")


def test_importing_makes_no_network() -> None:
    code = (
        "import sys, torch; from torch import nn; made = []; first = nn.Module.__init__\n"
        "def noticed(self, *a, **k): made.append(type(self).__name__); first(self, *a, **k)\n"
        "nn.Module.__init__ = noticed; import reference; sys.exit(' '.join(made) or 0)\n"
    )
    folder = str(Path(__file__).parents[1])
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
