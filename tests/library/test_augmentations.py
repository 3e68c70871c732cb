"""Augmentations: properties of each, second implementations row by row, and the written source."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from scipy import ndimage

import nnstudio.library  # noqa: F401
from nnstudio.core.data import TensorType
from nnstudio.core.kinds import Augmentation
from nnstudio.core.project import DataSettings, Project
from nnstudio.core.project_json import project_from_json, project_to_json
from nnstudio.core.spec import SpecError, from_json, registered, to_json

AUGMENTATIONS = registered(Augmentation)
# Strong settings for each, and settings with which it changes nothing.
STRONG: dict[str, dict[str, Any]] = {
    "RandomHorizontalFlip": {"p": 0.4},
    "RandomVerticalFlip": {"p": 0.4},
    "RandomCrop": {"padding": 3, "fill": "reflection"},
    "RandomRotation": {"degrees": 120.0},
    "RandomAffine": {"translate": 0.3, "scale": (0.5, 2.0), "shear": 30.0},
    "ColorJitter": {"brightness": 0.5, "contrast": 0.9, "saturation": 1.0},
    "RandomErasing": {"p": 0.7, "scale": (0.1, 0.5), "ratio": (0.2, 4.0), "value": 0.5},
    "GaussianNoise": {"std": 2.0},
}
STILL: dict[str, dict[str, Any]] = {
    "RandomHorizontalFlip": {"p": 0.0},
    "RandomVerticalFlip": {"p": 0.0},
    "RandomCrop": {"padding": 0},
    "RandomRotation": {"degrees": 0.0},
    "RandomAffine": {"translate": 0.0, "scale": (1.0, 1.0), "shear": 0.0},
    "ColorJitter": {"brightness": 0.0, "contrast": 0.0, "saturation": 0.0},
    "RandomErasing": {"p": 0.0},
    "GaussianNoise": {"std": 0.0},
}
RESAMPLED = {"RandomRotation", "RandomAffine"}
NAMES = sorted(AUGMENTATIONS)


def made(name: str, **settings: Any) -> Any:
    return AUGMENTATIONS[name](**settings)


def generator(seed: int = 7) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def pictures(count: int = 12, channels: int = 3, height: int = 10, width: int = 14) -> torch.Tensor:
    return torch.rand((count, channels, height, width), generator=generator(0))


def test_every_augmentation_is_tested_here() -> None:
    assert set(NAMES) == set(STRONG) == set(STILL)


@pytest.mark.parametrize("name", NAMES)
class TestEveryAugmentation:
    def test_keeps_shape_and_dtype_and_leaves_the_rows_it_was_given(self, name: str) -> None:
        for rows in (pictures(), pictures(1, 1, 4, 4), pictures().double()):
            before = rows.clone()
            changed = made(name, **STRONG[name]).apply(rows, generator())
            assert changed.shape == rows.shape and changed.dtype == rows.dtype
            assert torch.equal(rows, before) and torch.isfinite(changed).all()

    def test_changes_most_rows_and_each_in_its_own_way(self, name: str) -> None:
        one = pictures(1).expand(60, -1, -1, -1).clone()
        changed = made(name, **STRONG[name]).apply(one, generator())
        different = {row.numpy().tobytes() for row in changed}
        assert len(different) >= 2 and (changed != one).flatten(1).any(1).sum() >= 10

    def test_can_be_told_to_change_nothing(self, name: str) -> None:
        rows = pictures()
        changed = made(name, **STILL[name]).apply(rows, generator())
        if name in RESAMPLED:
            assert torch.allclose(changed, rows, atol=1e-5)
        else:
            assert torch.equal(changed, rows)

    def test_draws_from_the_generator_alone(self, name: str) -> None:
        augmentation = made(name, **STRONG[name])
        before = torch.get_rng_state()
        first, second = generator(), generator()
        assert torch.equal(augmentation.apply(pictures(), first), augmentation.apply(pictures(), second))
        assert torch.equal(first.get_state(), second.get_state())
        assert not torch.equal(first.get_state(), generator().get_state())
        assert torch.equal(torch.get_rng_state(), before)
        assert not torch.equal(
            augmentation.apply(pictures(), generator(1)), augmentation.apply(pictures(), generator(2))
        )

    @pytest.mark.parametrize("settings", [{}, None], ids=["default", "strong"])
    def test_the_written_source_does_the_same(self, name: str, settings: dict[str, Any] | None) -> None:
        augmentation = made(name, **(STRONG[name] if settings is None else settings))
        made_of_source: dict[str, Any] = {}
        exec(compile(augmentation.source(), name, "exec"), made_of_source)
        function = made_of_source[type(augmentation).function.__name__]
        assert torch.equal(function(pictures(), generator()), augmentation.apply(pictures(), generator()))

    def test_says_what_it_needs(self, name: str) -> None:
        augmentation = made(name)
        assert not list(augmentation.check(TensorType((3, 32, 32))))
        tokens = list(augmentation.check(TensorType((20,), "int64")))
        assert len(tokens) == 1 and tokens[0].fix.endswith(".")
        table = list(augmentation.check(TensorType((4,))))
        assert len(table) == (name != "GaussianNoise")
        if table:
            assert "three axes" in table[0].needed and "[B, 4]" in table[0].got

    def test_is_kept_by_a_project(self, name: str) -> None:
        augmentation = made(name, **STRONG[name])
        assert from_json(Augmentation, json.loads(json.dumps(to_json(augmentation)))) == augmentation
        project = Project(data=DataSettings(augmentations=(augmentation,)))
        assert project_from_json(json.loads(json.dumps(project_to_json(project)))) == project
        assert augmentation.sentence().endswith(".")


@pytest.mark.parametrize(("name", "axis"), [("RandomHorizontalFlip", 3), ("RandomVerticalFlip", 2)])
def test_flips(name: str, axis: int) -> None:
    always, rows = made(name, p=1.0), pictures()
    once = always.apply(rows, generator())
    assert torch.equal(once, rows.flip(axis)) and torch.equal(always.apply(once, generator()), rows)
    some = made(name, p=0.3).apply(pictures(1).expand(2000, -1, -1, -1), generator())
    share = (some != rows[:1]).flatten(1).any(1).float().mean().item()
    assert share == pytest.approx(0.3, abs=0.04)


@pytest.mark.parametrize(("fill", "mode"), [("zeros", "constant"), ("reflection", "reflect")])
def test_crops_are_those_of_a_loop_over_the_rows(fill: str, mode: str) -> None:
    rows, padding = pictures(30), 4
    changed = made("RandomCrop", padding=padding, fill=fill).apply(rows, generator())
    corners = torch.randint(0, 2 * padding + 1, (2, 30), generator=generator())
    for row, before in enumerate(rows.numpy()):
        padded = np.pad(before, ((0, 0), (padding, padding), (padding, padding)), mode=mode)  # type: ignore[call-overload]
        top, left = int(corners[0, row]), int(corners[1, row])
        assert np.array_equal(changed[row].numpy(), padded[:, top : top + 10, left : left + 14])
    assert {0, 2 * padding} <= set(corners.flatten().tolist()), "the farthest shifts are drawn too"


def test_a_mirror_image_must_be_large_enough() -> None:
    complaint = next(iter(made("RandomCrop", padding=8, fill="reflection").check(TensorType((1, 8, 9)))))
    assert "below the 8 pixels" in complaint.needed and complaint.got == "a padding of 8"
    assert not list(made("RandomCrop", padding=7, fill="reflection").check(TensorType((1, 8, 9))))
    assert not list(made("RandomCrop", padding=8).check(TensorType((1, 8, 9))))


@pytest.mark.parametrize(("drawn", "turns"), [(1.0, 1), (0.0, -1)])
def test_a_turn_by_a_right_angle_is_exact(monkeypatch: pytest.MonkeyPatch, drawn: float, turns: int) -> None:
    rows = pictures(4, 3, 28, 28)
    monkeypatch.setattr(torch, "rand", lambda *sizes, **_: torch.full(sizes, drawn))
    changed = made("RandomRotation", degrees=90.0).apply(rows, generator())
    assert (changed - torch.rot90(rows, turns, (2, 3))).abs().max() < 1e-5


def test_rotations_are_those_of_scipy() -> None:
    rows = pictures(8, 2, 11, 17)
    changed = made("RandomRotation", degrees=50.0).apply(rows, generator()).numpy()
    angles = math.radians(50) * (2 * torch.rand(8, generator=generator()).numpy() - 1)
    for row, angle in enumerate(angles):
        cos, sin = math.cos(angle), math.sin(angle)
        assert_moved(rows[row].numpy(), changed[row], np.array([[cos, sin], [-sin, cos]]), np.zeros(2))
    assert 0.5 < np.abs(angles).max() <= math.radians(50)


def test_affine_changes_are_those_of_scipy() -> None:
    rows = pictures(10, 2, 11, 17)
    changed = made("RandomAffine", translate=0.2, scale=(0.6, 1.7), shear=25.0).apply(rows, generator()).numpy()
    drawn = torch.rand((4, 10), generator=generator()).double().numpy()
    for row, (scale, shear, across, down) in enumerate(drawn.T):
        scale = 0.6 + 1.1 * scale
        slant = math.tan(math.radians(25) * (2 * shear - 1))
        # Rows first, then columns: what a point of the old picture becomes.
        forward = scale * np.array([[1, 0], [slant, 1]])
        move = 0.2 * np.array([11 * (2 * down - 1), 17 * (2 * across - 1)])
        assert_moved(rows[row].numpy(), changed[row], np.linalg.inv(forward), move)


def assert_moved(before: np.ndarray, after: np.ndarray, backward: np.ndarray, move: np.ndarray) -> None:
    """scipy samples the picture where `backward` says that each pixel, counted from the centre, comes from."""
    centre = (np.array(before.shape[1:]) - 1) / 2
    for channel in range(len(before)):
        expected = ndimage.affine_transform(
            before[channel], backward, centre - backward @ (centre + move), order=1, mode="grid-constant"
        )
        assert np.abs(expected - after[channel]).max() < 1e-4


def test_light_changes_as_in_pillow() -> None:
    grey = np.tile(np.array([[[60, 90], [120, 30]]], dtype=np.uint8), (3, 1, 1))
    colour = np.random.default_rng(0).integers(60, 120, (3, 6, 5), dtype=np.uint8)
    for name, enhancer in (
        ("brightness", ImageEnhance.Brightness),
        ("contrast", ImageEnhance.Contrast),
        ("saturation", ImageEnhance.Color),
    ):
        for picture in (grey, colour):
            rows = torch.from_numpy(picture[None] / 255.0)
            jitter = made("ColorJitter", **({"brightness": 0.0, "contrast": 0.0} | {name: 0.8}))
            changed = jitter.apply(rows, generator())[0].numpy() * 255
            place = ("brightness", "contrast", "saturation").index(name)
            factor = 1 + 0.8 * (2 * torch.rand((3, 1, 1, 1, 1), generator=generator())[place].item() - 1)
            whole = enhancer(Image.fromarray(picture.transpose(1, 2, 0))).enhance(factor)
            assert np.abs(np.asarray(whole).transpose(2, 0, 1) - changed).max() < 2  # Pillow rounds to whole numbers


def test_saturation_leaves_grey_pictures_as_they_are() -> None:
    rows = pictures(5, 1)
    changed = made("ColorJitter", brightness=0.0, contrast=0.0, saturation=1.0).apply(rows, generator())
    assert torch.allclose(changed, rows, atol=1e-6)


def test_erasing_hides_one_rectangle_of_the_size_that_was_drawn() -> None:
    rows = torch.ones(400, 2, 20, 30)
    erasing = made("RandomErasing", p=0.6, scale=(0.1, 0.3), ratio=(0.5, 2.0), value=-1.0)
    hidden = erasing.apply(rows, generator()).numpy() == -1
    assert np.array_equal(hidden[:, 0], hidden[:, 1])
    touched = hidden[:, 0].any((1, 2))
    assert touched.mean() == pytest.approx(0.6, abs=0.08)
    for mask in hidden[touched, 0]:
        down, across = mask.any(1).nonzero()[0], mask.any(0).nonzero()[0]
        tall, wide = down[-1] - down[0] + 1, across[-1] - across[0] + 1
        assert mask.sum() == tall * wide, "one full rectangle"
        assert 0.08 * 600 <= tall * wide <= 0.33 * 600 and 0.4 <= tall / wide <= 2.4
    places = hidden[touched, 0].mean(0)
    assert (places > 0).all(), "anywhere, the corners too"


def test_noise_has_the_strength_that_was_asked_for() -> None:
    for shape in ((500, 8), (50, 30, 4), (20, 3, 8, 8)):
        noise = made("GaussianNoise", std=0.25).apply(torch.zeros(shape), generator())
        assert noise.std().item() == pytest.approx(0.25, rel=0.05) and abs(noise.mean().item()) < 0.02


def test_limits_that_are_the_wrong_way_round_are_refused() -> None:
    for name, setting in (("RandomAffine", "scale"), ("RandomErasing", "scale"), ("RandomErasing", "ratio")):
        with pytest.raises(SpecError, match=f"{setting} needs the smaller number first"):
            made(name, **{setting: (0.9, 0.5)})
