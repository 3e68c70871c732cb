"""IDX files (MNIST) and CIFAR's binary files: written here as their makers write them, and read back."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits

import nnstudio.library  # noqa: F401
from library.pictures import write_cifar, write_idx
from library.scripts import assert_the_same
from nnstudio.core.data import Data
from nnstudio.core.sources import fingerprint, hold
from nnstudio.library.datasets import _arrays, _idx
from nnstudio.library.datasets.cifar_binary import CifarBinary
from nnstudio.library.datasets.idx_images import IdxImages

RANDOM = np.random.default_rng(0)
DIGITS = (load_digits().images * 15).astype(np.uint8)[:120]
LABELS = load_digits().target.astype(np.uint8)[:120]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NNSTUDIO_CACHE", str(tmp_path / "cache"))


def refusal(dataset: Any) -> str:
    with pytest.raises((ValueError, OSError)) as caught:
        dataset.load()
    words = str(caught.value)
    assert words.endswith(".") and "\n" not in words and len(words) < 500
    return words


def mnist(folder: Path, ending: str = "", dot: str = "-", test: str = "t10k", before: str = "") -> Path:
    """The four files; the one with the images for training."""
    for part, rows in (("train", slice(0, 80)), (test, slice(80, 120))):
        write_idx(folder / f"{before}{part}-labels{dot}idx1-ubyte{ending}", LABELS[rows])
        write_idx(folder / f"{before}{part}-images{dot}idx3-ubyte{ending}", DIGITS[rows])
    return folder / f"{before}train-images{dot}idx3-ubyte{ending}"


class TestIdx:
    @pytest.mark.parametrize("ending", ["", ".gz"])
    @pytest.mark.parametrize("dot", ["-", "."])
    @pytest.mark.parametrize(("test", "before"), [("t10k", ""), ("test", "emnist-digits-")])
    def test_both_parts_are_read(self, tmp_path: Path, ending: str, dot: str, test: str, before: str) -> None:
        path = mnist(tmp_path, ending, dot, test, before)
        other = path.with_name(path.name.replace("train-", f"{test}-"))
        for chosen in (path, other, tmp_path):
            data = IdxImages(path=str(chosen)).load()
            assert data.inputs.dtype == np.uint8 and np.array_equal(data.inputs[:, 0], DIGITS)
            assert np.array_equal(data.targets, LABELS) and data.class_names == tuple("0123456789")
            assert data.parts is not None and data.parts.tolist() == [0] * 80 + [2] * 40
        assert np.array_equal(IdxImages(path=str(path), both=False).load().inputs[:, 0], DIGITS[:80])
        alone = IdxImages(path=str(other), both=False).load()
        assert np.array_equal(alone.targets, LABELS[80:]) and alone.parts is None

    def test_packed_and_unpacked_files_go_together(self, tmp_path: Path) -> None:
        path = mnist(tmp_path)
        for name in ("train-labels-idx1-ubyte", "t10k-images-idx3-ubyte"):
            (tmp_path / f"{name}.gz").write_bytes(gzip.compress((tmp_path / name).read_bytes()))
            (tmp_path / name).unlink()
        assert np.array_equal(IdxImages(path=str(path)).load().inputs[:, 0], DIGITS)

    @pytest.mark.parametrize("kind", ["i1", "i2", "i4", "f4", "f8"])
    def test_numbers_of_each_type(self, tmp_path: Path, kind: str) -> None:
        values = (RANDOM.standard_normal((20, 3, 4)) * 50).astype(kind)
        path = write_idx(tmp_path / "a-images-idx3", values)
        write_idx(tmp_path / "a-labels-idx1", (np.arange(20) % 2 + 5).astype("i4"))
        data = IdxImages(path=str(path)).load()
        assert data.inputs.dtype == (np.float64 if kind in ("i4", "f8") else np.float32) and data.inputs.dtype.isnative
        assert np.array_equal(data.inputs[:, 0], values) and data.class_names == ("5", "6")
        if kind == "f4":
            values[7, 1, 2] = np.nan
            write_idx(path, values)
            assert "Row 8, column 7 of a-images-idx3 is not-a-number" in refusal(IdxImages(path=str(path)))

    def test_tables_and_colours(self, tmp_path: Path) -> None:
        write_idx(tmp_path / "a-labels-idx1", LABELS)
        for given, expected in (((120, 64), (64,)), ((120, 2, 4, 8), (2, 4, 8)), ((120, 8, 8), (1, 8, 8))):
            path = write_idx(tmp_path / "a-images-idx3", DIGITS.reshape(given))
            assert IdxImages(path=str(path)).load().inputs.shape[1:] == expected

    def test_the_written_source_reads_the_same(self, tmp_path: Path) -> None:
        packed = tmp_path / "packed"
        packed.mkdir()
        values = write_idx(tmp_path / "a-images-idx3", RANDOM.standard_normal((120, 8)).astype("f8"))
        write_idx(tmp_path / "a-labels-idx1", LABELS)
        assert_the_same(
            [
                IdxImages(path=str(mnist(tmp_path))),
                IdxImages(path=str(mnist(packed, ".gz")), both=False),
                IdxImages(path=str(values)),
            ],
            tmp_path,
        )

    def test_large_ones_are_mapped(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 1000)
        monkeypatch.setattr(_idx, "PIECE", 500)
        path = mnist(tmp_path, ".gz")
        data = IdxImages(path=str(path)).load()
        assert isinstance(data.inputs, np.memmap) and np.array_equal(data.inputs[:, 0], DIGITS)

    def test_an_embedded_file_finds_its_labels_where_it_was(self, tmp_path: Path) -> None:
        path = mnist(tmp_path)
        sha256 = hold(path.read_bytes())
        assert sha256 == fingerprint(path)
        path.write_bytes(b"other")
        assert np.array_equal(IdxImages(path=str(path), sha256=sha256, embedded=True).load().inputs[:, 0], DIGITS)


class TestHostileIdx:
    def test_missing_partners_are_named(self, tmp_path: Path) -> None:
        path = mnist(tmp_path)
        (tmp_path / "train-labels-idx1-ubyte").unlink()
        assert "The labels of train-images-idx3-ubyte are missing" in refusal(IdxImages(path=str(path)))
        assert "has no file such as" in refusal(IdxImages(path=str(Path(__file__).parent)))

    def test_files_that_do_not_belong_together(self, tmp_path: Path) -> None:
        path = mnist(tmp_path)
        write_idx(tmp_path / "train-labels-idx1-ubyte", LABELS[:79])
        assert "has 80 images, but train-labels-idx1-ubyte 79 labels" in refusal(IdxImages(path=str(path)))
        write_idx(tmp_path / "train-labels-idx1-ubyte", DIGITS[:80])
        assert "holds no labels: its shape is (80, 8, 8)" in refusal(IdxImages(path=str(path)))
        mnist(tmp_path)
        write_idx(tmp_path / "t10k-images-idx3-ubyte", DIGITS[80:, 1:])
        assert "different sizes: train-images-idx3-ubyte (80, 8, 8) and t10k" in refusal(IdxImages(path=str(path)))

    @pytest.mark.parametrize("packed", [False, True])
    def test_every_way_to_cut_a_file_off_is_a_sentence(self, tmp_path: Path, packed: bool) -> None:
        path = mnist(tmp_path, ".gz" if packed else "")
        content = path.read_bytes()
        for length in [*range(0, 40), *range(40, len(content), 97), len(content) - 1]:
            path.write_bytes(content[:length])
            assert path.name in refusal(IdxImages(path=str(path), both=False))

    @pytest.mark.parametrize(
        "head",
        [
            b"\x00\x00\x08\x03" + b"\xff" * 12,
            b"\x00\x00\x08\xff" + b"\xff" * 1020,
            b"\x00\x00\x08\x03" + b"\0" * 12,
            b"\x00\x00\x08\x00",
            b"\x00\x00\x0a\x03" + b"\0" * 12,
            b"\x08\x03\x00\x00" + b"\0" * 12,
            b"\x89PNG",
            b"\0" * 16,
        ],
    )
    def test_heads_that_lie_cost_no_memory(self, tmp_path: Path, head: bytes) -> None:
        path = mnist(tmp_path)
        for content in (head, head + b"\0" * 5000, gzip.compress(head), gzip.compress(head + b"\0" * 5000)):
            path.write_bytes(content)
            assert path.name in refusal(IdxImages(path=str(path), both=False))
            if head.endswith(b"\xff"):
                with pytest.raises(ValueError, match=r"says that it holds|not as an IDX file does"):
                    _idx.idx_file(path)

    def test_more_than_the_head_says(self, tmp_path: Path) -> None:
        path = mnist(tmp_path)
        content = path.read_bytes() + b"\0"
        path.write_bytes(content)
        assert "which need 5,136 bytes, but it has 5,137" in refusal(IdxImages(path=str(path)))
        path.write_bytes(gzip.compress(content))
        assert "is longer than its head says" in refusal(IdxImages(path=str(path)))


def cifar(folder: Path, hundred: bool) -> Path:
    """A small CIFAR-10 or CIFAR-100."""
    folder.mkdir()
    pictures = RANDOM.integers(0, 256, (30, 3, 32, 32), dtype=np.uint8)
    coarse, fine = np.arange(30) % 4, np.arange(30) % 7
    labels = np.stack([coarse, fine], axis=1) if hundred else fine[:, None]
    np.save(folder / "pictures.npy", pictures)
    if hundred:
        write_cifar(folder / "train.bin", labels[:20], pictures[:20])
        write_cifar(folder / "test.bin", labels[20:], pictures[20:])
        (folder / "fine_label_names.txt").write_text("\n".join(f"fine{number}" for number in range(7)) + "\n\n")
        (folder / "coarse_label_names.txt").write_text("\r\n".join(f"coarse{number}" for number in range(4)))
    else:
        write_cifar(folder / "data_batch_1.bin", labels[:10], pictures[:10])
        write_cifar(folder / "data_batch_2.bin", labels[10:20], pictures[10:20])
        write_cifar(folder / "test_batch.bin", labels[20:], pictures[20:])
        (folder / "batches.meta.txt").write_text("\n".join(f"class{number}" for number in range(10)) + "\n")
    return folder


class TestCifar:
    def check(self, data: Data, folder: Path, classes: int) -> None:
        assert data.inputs.dtype == np.uint8 and np.array_equal(data.inputs, np.load(folder / "pictures.npy"))
        assert data.targets.tolist() == [number % classes for number in range(30)] and data.targets.dtype == np.int64
        assert data.parts is not None and data.parts.tolist() == [0] * 20 + [2] * 10

    def test_ten(self, tmp_path: Path) -> None:
        folder = cifar(tmp_path / "ten", hundred=False)
        for path in (folder, folder / "data_batch_1.bin"):
            data = CifarBinary(path=str(path)).load()
            self.check(data, folder, 7)
            assert data.class_names == tuple(f"class{number}" for number in range(10))
        (folder / "batches.meta.txt").unlink()
        assert CifarBinary(path=str(folder)).load().class_names == tuple("0123456")

    def test_a_hundred(self, tmp_path: Path) -> None:
        folder = cifar(tmp_path / "hundred", hundred=True)
        for labels, count in (("fine", 7), ("coarse", 4)):
            data = CifarBinary(path=str(folder), labels=labels).load()
            self.check(data, folder, count)
            assert data.class_names == tuple(f"{labels}{number}" for number in range(count))
        (folder / "test.bin").unlink()
        assert CifarBinary(path=str(folder)).load().parts is None

    def test_large_ones_are_mapped_with_their_labels(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_arrays, "LARGEST_IN_MEMORY", 1000)
        monkeypatch.setattr(_arrays, "PIECE", 7000)
        folder = cifar(tmp_path / "hundred", hundred=True)
        for _ in range(2):
            for labels, count in (("fine", 7), ("coarse", 4)):
                data = CifarBinary(path=str(folder), labels=labels).load()
                assert isinstance(data.inputs, np.memmap)
                self.check(data, folder, count)

    def test_the_written_source_reads_the_same(self, tmp_path: Path) -> None:
        ten, hundred = cifar(tmp_path / "ten", hundred=False), cifar(tmp_path / "hundred", hundred=True)
        datasets = [CifarBinary(path=str(ten)), CifarBinary(path=str(hundred))]
        assert_the_same([*datasets, CifarBinary(path=str(hundred), labels="coarse")], tmp_path)

    def test_faults_are_sentences(self, tmp_path: Path) -> None:
        folder = cifar(tmp_path / "ten", hundred=False)
        batch = folder / "data_batch_2.bin"
        content = batch.read_bytes()
        for wrong in (content[:-1], b"", content + b"\0"):
            batch.write_bytes(wrong)
            assert "data_batch_2.bin has" in refusal(CifarBinary(path=str(folder)))
        batch.write_bytes(content[: 3073 * 3] + b"\x0a" + content[3073 * 3 + 1 :])
        assert "Picture 4 of data_batch_2.bin has the class 10, but there are 10 names" in refusal(
            CifarBinary(path=str(folder))
        )
        (tmp_path / "none").mkdir()
        assert "neither data_batch_1.bin (CIFAR-10) nor train.bin" in refusal(CifarBinary(path=str(tmp_path / "none")))
