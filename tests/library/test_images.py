"""Pictures in folders: from files to arrays, and from arrays to a network that tells them apart."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageOps

import nnstudio.library  # noqa: F401
from engine.projects import chain, layer, loss, optimizer
from library.pictures import SHAPES, drawing, drawn_folder, photo
from library.scripts import assert_the_same
from nnstudio.core.data import Data
from nnstudio.core.project import DataSettings, Project, TrainingSettings
from nnstudio.core.reading import Cancelled, told_to
from nnstudio.engine.run import Run
from nnstudio.library.augmentations.random_crop import RandomCrop
from nnstudio.library.augmentations.random_rotation import RandomRotation
from nnstudio.library.datasets import _arrays, _pictures
from nnstudio.library.datasets.image_folder import ImageFolder
from nnstudio.library.datasets.image_table import ImageTable


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    place = tmp_path / "cache"
    monkeypatch.setenv("NNSTUDIO_CACHE", str(place))
    return place


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return drawn_folder(tmp_path / "shapes")


def load(folder: Path, **settings: Any) -> Data:
    return ImageFolder(path=str(folder), **({"width": 24, "height": 24, "mode": "grey"} | settings)).load()


class TestFolder:
    def test_one_folder_is_one_class(self, folder: Path) -> None:
        data = load(folder)
        assert data.inputs.dtype == np.uint8 and data.inputs.shape == (12, 1, 24, 24)
        assert data.class_names == SHAPES and data.targets.tolist() == [0] * 4 + [1] * 4 + [2] * 4
        assert data.input_type.dtype == "float32" and data.parts is None and data.notices == ()
        for row, name in enumerate(data.names):
            with Image.open(folder / name) as picture:
                assert np.array_equal(data.inputs[row, 0], np.asarray(picture)), name

    def test_deeper_folders_belong_to_their_class(self, folder: Path) -> None:
        (folder / "circle" / "more" / "still more").mkdir(parents=True)
        drawing("circle", 50).save(folder / "circle" / "more" / "still more" / "x.png")
        data = load(folder)
        assert data.names[4] == "circle/more/still more/x.png" and data.targets.tolist().count(0) == 5

    def test_hidden_files_are_not_seen(self, folder: Path) -> None:
        for name in (".DS_Store", "Thumbs.db", "._0000.png", ".hidden/x.png", "__MACOSX/0000.png"):
            (folder / "cross" / name).parent.mkdir(exist_ok=True)
            (folder / "cross" / name).write_bytes(b"?")
        (folder / ".git").mkdir()
        assert load(folder).rows == 12

    @pytest.mark.parametrize(
        "names", [("train", "test"), ("Training", "val", "TEST"), ("train", "validation", "test"), ("train", "valid")]
    )
    def test_parts(self, tmp_path: Path, names: tuple[str, ...]) -> None:
        for number, name in enumerate(names):
            drawn_folder(tmp_path / "all" / name, each=number + 1)
        data = load(tmp_path / "all")
        numbers = [{"tr": 0, "va": 1, "te": 2}[name[:2].lower()] for name in names]
        expected = [part for number, part in enumerate(numbers) for _ in range(3 * (number + 1))]
        order = np.argsort(numbers, kind="stable")
        assert data.parts is not None and data.parts.dtype == np.int8
        assert data.parts.tolist() == sorted(expected)
        assert data.names[0].startswith(names[order[0]]) and data.class_names == SHAPES

    def test_a_class_that_is_called_test(self, folder: Path) -> None:
        (folder / "square").rename(folder / "test")
        assert load(folder).class_names == ("circle", "cross", "test") and load(folder).parts is None

    def test_one_part_alone_is_only_a_folder_more(self, folder: Path, tmp_path: Path) -> None:
        (tmp_path / "all").mkdir()
        folder.rename(tmp_path / "all" / "train")
        data = load(tmp_path / "all")
        assert data.class_names == SHAPES and data.parts is None and data.names[0] == "circle/0000.png"
        assert_the_same([ImageFolder(path=str(tmp_path / "all"))], tmp_path)

    def test_a_class_without_training_pictures_is_said(self, tmp_path: Path) -> None:
        drawn_folder(tmp_path / "all" / "train", shapes=("circle", "cross"))
        drawn_folder(tmp_path / "all" / "test")
        assert "There is no picture for training in: square." in load(tmp_path / "all").notices


class TestPixels:
    def one(
        self, tmp_path: Path, picture: Image.Image, name: str = "a.png", save: Any = None, **settings: Any
    ) -> np.ndarray:
        """What is read of one picture, [channels, height, width]."""
        (tmp_path / "one" / "class").mkdir(parents=True, exist_ok=True)
        for old in (tmp_path / "one" / "class").iterdir():
            old.unlink()
        picture.save(tmp_path / "one" / "class" / name, **(save or {}))
        size = {"width": picture.width, "height": picture.height, "mode": "colour"}
        return load(tmp_path / "one", **(size | settings)).inputs[0]

    @pytest.mark.parametrize("name", ["a.png", "a.bmp", "a.tif", "a.webp", "a.ppm", "A.PNG"])
    def test_of_formats_that_lose_nothing(self, tmp_path: Path, name: str) -> None:
        picture = photo()
        read = self.one(tmp_path, picture, name, {"lossless": True} if name == "a.webp" else None)
        assert np.array_equal(read, np.asarray(picture).transpose(2, 0, 1))

    def test_of_jpeg(self, tmp_path: Path) -> None:
        read = self.one(tmp_path, photo(), "a.jpg", {"quality": 95})
        assert np.abs(read.astype(int) - np.asarray(photo()).transpose(2, 0, 1)).mean() < 8

    @pytest.mark.parametrize("name", ["a.gif", "a.tif", "a.webp", "a.png", "a.jpg"])
    def test_of_several_in_one_file_are_those_of_the_first(self, tmp_path: Path, name: str) -> None:
        kind: dict[str, Any] = {"a.jpg": {"format": "MPO"}, "a.webp": {"lossless": True}}.get(name, {})
        others = [Image.new("RGB", (40, 30), "white")] * 2
        read = self.one(
            tmp_path, Image.new("RGB", (40, 30), "black"), name, kind | {"save_all": True, "append_images": others}
        )
        assert (read == 0).all()

    @pytest.mark.parametrize("settings", [{"progressive": True}, {"subsampling": 0}, {"optimize": True}])
    @pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
    def test_of_each_kind_of_jpeg(self, tmp_path: Path, mode: str, settings: dict[str, Any]) -> None:
        read = self.one(tmp_path, photo(mode=mode), "a.jpg", {"quality": 95} | settings)
        expected = np.asarray(photo(mode=mode).convert("RGB")).transpose(2, 0, 1)
        assert np.abs(read.astype(int) - expected).mean() < 8

    @pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "CMYK", "YCbCr"])
    def test_of_each_kind(self, tmp_path: Path, mode: str) -> None:
        picture = photo().convert(mode)
        name = "a.tif" if mode in ("CMYK", "YCbCr") else "a.png"
        read = self.one(tmp_path, picture, name)
        assert read.shape == (3, 30, 40)
        with Image.open(tmp_path / "one" / "class" / name) as again:
            assert np.array_equal(read, np.asarray(again.convert("RGB")).transpose(2, 0, 1))
        assert np.array_equal(self.one(tmp_path, picture, name, mode="grey")[0], np.asarray(picture.convert("L")))

    def test_of_16_bits_keep_the_upper_8(self, tmp_path: Path) -> None:
        pixels = np.arange(1200, dtype=np.uint16).reshape(30, 40) * 54
        for name in ("a.png", "a.tif"):
            read = self.one(tmp_path, Image.fromarray(pixels), name, mode="grey")
            assert np.array_equal(read[0], pixels >> 8)

    def test_of_transparent_places_are_those_of_the_background(self, tmp_path: Path) -> None:
        clear = photo(mode="RGBA")
        clear.putalpha(Image.fromarray(np.tile(np.repeat([0, 255], 20).astype(np.uint8), (30, 1))))
        for picture, name in ((clear, "a.png"), (clear.convert("LA"), "b.png"), (clear, "c.webp"), (clear, "d.tif")):
            white = self.one(tmp_path, picture, name, {"lossless": True} if name == "c.webp" else None)
            assert (white[:, :, :20] == 255).all() and (white[:, :, 20:] < 255).any()
            assert (load(tmp_path / "one", width=40, height=30, background="black").inputs[0, :, :, :20] == 0).all()
        palette = Image.new("P", (4, 4), 1)
        palette.putpalette([0, 0, 0, 9, 9, 9])
        assert (self.one(tmp_path, palette, "e.png", {"transparency": 1}) == 255).all()

    @pytest.mark.parametrize("orientation", range(1, 9))
    def test_are_upright_as_the_camera_noted(self, tmp_path: Path, orientation: int) -> None:
        exif = Image.Exif()
        exif[0x0112] = orientation
        picture = photo()
        (tmp_path / "one" / "class").mkdir(parents=True)
        picture.save(tmp_path / "one" / "class" / "a.png", exif=exif)
        upright = ImageOps.exif_transpose(Image.open(tmp_path / "one" / "class" / "a.png"))
        read = load(tmp_path / "one", width=upright.width, height=upright.height, mode="colour").inputs[0]
        assert np.array_equal(read, np.asarray(upright).transpose(2, 0, 1))
        assert (upright.width == 30) == (orientation >= 5)

    @pytest.mark.filterwarnings("ignore:Corrupt EXIF")
    def test_that_a_camera_noted_nonsense_of_are_read(self, tmp_path: Path) -> None:
        read = self.one(tmp_path, photo(), "a.jpg", {"exif": b"Exif\0\0MM\0*\0\0\0\x08\xff\xff\x01\x12" + b"\xff" * 30})
        assert read.shape == (3, 30, 40)

    def test_sizes_are_made_one(self, tmp_path: Path) -> None:
        picture = Image.new("RGB", (40, 20), "blue")
        picture.paste("red", (10, 0, 30, 20))
        assert (self.one(tmp_path, picture, width=10, height=10)[:, 1:-1, 1:-1] == [[[255]], [[0]], [[0]]]).all()
        stretched = self.one(tmp_path, picture, width=10, height=10, resize="stretch")
        assert (stretched[2, :, :2] == 255).all() and (stretched[0, :, 4:6] == 255).all()
        padded = self.one(tmp_path, picture, width=10, height=10, resize="pad", background="black")
        assert (padded[:, :2] == 0).all() and (padded[:, -2:] == 0).all() and (padded[2, 3:-3, 0] == 255).all()
        assert (self.one(tmp_path, picture, width=10, height=10, resize="pad")[:, :2] == 255).all()

    @pytest.mark.parametrize("resize", ["fit and crop", "stretch", "pad"])
    @pytest.mark.parametrize("size", [(1, 1), (1, 2000), (2000, 1), (7, 3)])
    def test_of_any_shape_fit(self, tmp_path: Path, resize: str, size: tuple[int, int]) -> None:
        read = self.one(tmp_path, Image.new("RGB", size, "red"), width=6, height=9, resize=resize)
        assert read.shape == (3, 9, 6) and (read[0].max(), read[1].min()) == (255, 0)

    def test_of_large_photos_are_not_coarser_than_of_all_their_pixels(self, tmp_path: Path) -> None:
        large = photo(1600, 1200)
        read = self.one(tmp_path, large, "a.jpg", {"quality": 95}, width=40, height=30)
        exact = np.asarray(large.resize((40, 30), Image.Resampling.BOX)).transpose(2, 0, 1)
        assert np.abs(read.astype(int) - exact).mean() < 4

    def test_of_a_jpeg_not_much_larger_are_all_looked_at(self, tmp_path: Path) -> None:
        noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 80, 3), dtype=np.uint8))
        read = self.one(tmp_path, noise, "a.jpg", width=40, height=30)
        with Image.open(tmp_path / "one" / "class" / "a.jpg") as whole:
            exact = ImageOps.fit(whole, (40, 30), Image.Resampling.BILINEAR)
        assert np.array_equal(read, np.asarray(exact).transpose(2, 0, 1))


class TestMany:
    def test_are_in_the_same_order_however_many_threads(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        first = load(folder)
        for count in (1, 7):
            monkeypatch.setattr("os.cpu_count", lambda count=count: count)
            assert load(folder).inputs.tobytes() == first.inputs.tobytes()

    def test_are_kept_in_the_cache(self, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        before = load(folder)
        assert not cache.exists()
        monkeypatch.setattr(_pictures, "_KEEP_ABOVE", 1000)
        (folder / "cross" / "broken.png").write_bytes(b"?")
        kept = load(folder, skip_broken=True)
        assert type(kept.inputs) is np.ndarray and np.array_equal(kept.inputs, before.inputs)
        monkeypatch.setattr(_pictures, "_in_threads", None)  # nothing is read again
        monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 1000)
        mapped = load(folder, skip_broken=True)
        assert isinstance(mapped.inputs, np.memmap) and np.array_equal(mapped.inputs, before.inputs)
        assert mapped.notices == kept.notices and mapped.names == before.names and "broken.png" in mapped.notices[0]
        monkeypatch.undo()

    def test_other_settings_and_other_files_are_read_anew(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_pictures, "_KEEP_ABOVE", 1000)
        first = load(folder)
        assert load(folder, width=25).inputs.shape[-1] == 25
        assert not np.array_equal(load(folder, resize="pad", width=12, height=24).inputs, load(folder, width=12).inputs)
        drawing("cross", 99).save(folder / "circle" / "0000.png")
        assert not np.array_equal(load(folder).inputs[0], first.inputs[0])

    def test_it_is_told_how_far_it_is_and_can_be_cancelled(
        self, folder: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        told: list[tuple[float | None, str]] = []
        with told_to(lambda share, words: told.append((share, words)) or True):  # type: ignore[func-returns-value]
            load(folder)
        assert (0.0, "Reading pictures: 0 of 12") in told
        monkeypatch.setattr(_pictures, "_KEEP_ABOVE", 1000)
        with told_to(lambda share, _: share is None), pytest.raises(Cancelled):
            load(folder)
        assert not list((cache / "arrays").iterdir())

    def test_cancel_does_not_wait_for_a_slow_picture(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        release = threading.Event()
        ended: list[bool] = []
        monkeypatch.setattr(_pictures, "read_picture", lambda *_, **__: ended.append(release.wait(30)))
        shares: list[float] = []

        def listener(share: float | None, words: str) -> bool:
            shares.extend([] if share is None else [share])
            return len(shares) < 3

        try:
            with told_to(listener), pytest.raises(Cancelled):
                load(folder)
            assert ended == [] and shares == [0.0, 0.0, 0.0]
        finally:
            release.set()

    def test_the_written_source_reads_the_same(self, folder: Path, tmp_path: Path) -> None:
        drawn_folder(tmp_path / "all" / "train")
        drawn_folder(tmp_path / "all" / "Val", each=2)
        photo(50, 20).save(tmp_path / "all" / "train" / "circle" / "0001.jpg", exif=b"Exif\0\0")
        photo(mode="RGBA").save(tmp_path / "all" / "train" / "cross" / "Z.png")
        (folder / "cross" / "deeper").mkdir()
        (folder / "cross" / "deeper" / "b.png").symlink_to(folder / "circle" / "0000.png")
        (folder / "cross" / "gone.png").symlink_to(folder / "nowhere.png")
        (folder / "cross" / "link").symlink_to(folder / "circle", target_is_directory=True)
        (folder / "cross" / ".hidden.png").write_bytes(b"?")
        (folder / "square" / "broken.png").write_bytes(b"?")
        assert_the_same(
            [
                ImageFolder(path=str(folder), skip_broken=True, resize="pad", width=9),
                ImageFolder(path=str(tmp_path / "all"), mode="grey", background="black"),
            ],
            tmp_path,
        )


class TestTable:
    def write(self, folder: Path, rows: list[tuple[object, ...]], name: str = "labels.csv", between: str = ",") -> str:
        lines = [between.join(map(str, row)) for row in rows]
        (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
        return str(folder / name)

    def rows(self, folder: Path) -> list[tuple[object, ...]]:
        return [(file.relative_to(folder).as_posix(), file.parent.name) for file in sorted(folder.glob("*/*.png"))]

    def test_it_reads_what_the_folder_reads(self, folder: Path) -> None:
        expected = load(folder)
        for name, between in (("a.csv", ","), ("a.tsv", "\t"), ("b.csv", ";")):
            path = self.write(folder, [("file", "label"), *self.rows(folder)], name, between)
            data = ImageTable(path=path, width=24, height=24, mode="grey").load()
            assert np.array_equal(data.inputs, expected.inputs) and np.array_equal(data.targets, expected.targets)
            assert data.class_names == SHAPES and data.names == expected.names and data.target_name == "label"

    def test_columns_are_guessed_or_chosen(self, folder: Path) -> None:
        rows = [(number, label, file, len(str(file))) for number, (file, label) in enumerate(self.rows(folder))]
        path = self.write(folder, [("id", "Class", "path", "length"), *rows])
        data = ImageTable(path=path).load()
        assert data.class_names == SHAPES and data.notices == (
            "Read from labels.csv: path as the file and Class as what is to be predicted.",
        )
        chosen = ImageTable(path=path, file_column="path", label_column="length", task="regression").load()
        assert chosen.targets[:, 0].tolist() == [row[3] for row in rows] and chosen.notices == ()

    def test_numbers_are_values_or_classes(self, folder: Path) -> None:
        rows = self.rows(folder)
        values = self.write(folder, [("file", "value"), *((file, 0.5 + place) for place, (file, _) in enumerate(rows))])
        data = ImageTable(path=values).load()
        assert data.task == "regression" and data.targets.shape == (12, 1) and data.targets[3, 0] == 3.5
        numbers = self.write(
            folder, [("file", "value"), *((file, 8 + place % 3) for place, (file, _) in enumerate(rows))]
        )
        assert ImageTable(path=numbers).load().class_names == ("8", "9", "10")

    def test_the_written_source_reads_the_same(self, folder: Path, tmp_path: Path) -> None:
        rows = self.rows(folder)
        plain = self.write(folder, [("file", "label"), *rows], "plain.csv")
        values = self.write(folder, [("x", "x"), *((file, place / 7) for place, (file, _) in enumerate(rows))], "v.csv")
        broken = self.write(
            folder,
            [("file", "label"), *((file, len(str(label))) for file, label in rows), ("no.png", 1)],
            "b.tsv",
            "\t",
        )
        assert_the_same(
            [
                ImageTable(path=plain, width=9, height=7),
                ImageTable(path=values, resize="pad", mode="grey"),
                ImageTable(path=broken, skip_broken=True),
            ],
            tmp_path,
        )


class TestTraining:
    def test_drawn_shapes_are_told_apart(self, tmp_path: Path) -> None:
        folder = drawn_folder(tmp_path / "shapes", each=120)
        dataset = ImageFolder(path=str(folder), width=24, height=24, mode="grey")
        graph = chain(
            layer("Input"),
            layer("Conv2d", out_channels=8, padding=1),
            layer("ReLU"),
            layer("MaxPool2d"),
            layer("Conv2d", out_channels=16, padding=1),
            layer("ReLU"),
            layer("MaxPool2d"),
            layer("Flatten"),
            layer("Linear", out_features=32),
            layer("ReLU"),
            layer("Linear", out_features=3),
            layer("Output", loss=loss("CrossEntropyLoss")),
        )
        changes = (RandomCrop(padding=2), RandomRotation(degrees=5.0))
        project = Project(
            graph,
            DataSettings(dataset, augmentations=changes),
            TrainingSettings(optimizer("Adam", lr=0.003), epochs=10, batch_size=16),
        )
        run = Run(project)
        last = list(run.snapshots())[-1]
        assert last.problem == "" and run.evaluate()["test"]["accuracy"] >= 0.9
        with Image.open(folder / run.prepared.data.names[0]) as picture:
            scores = run.predict(np.asarray(picture)[None, None])
        assert scores.argmax() == 0
