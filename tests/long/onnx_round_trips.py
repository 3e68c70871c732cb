"""Every layer and every reference architecture to ONNX and back: `python -m tests.long.onnx_round_trips [NAME…]`.

    layers       a drawing of each layer -> ONNX, `.pt2`; ONNX -> drawing
    torch        a reference as torch.onnx writes it, optimised and not -> drawing
    drawings     a reference imported as a drawing -> ONNX -> drawing

Each is compared: with ONNX Runtime while it is written and read, and the last drawing with the first network. It ends
with 1 if anything is not as it should be. With names only these layers and references are tried.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from engine.importing.onnx_files import by_torch, results  # noqa: E402
from engine.single_layers import LAYERS, ONE_WAY, REFUSED, drawing  # noqa: E402
from nnstudio.core.project import Project  # noqa: E402
from nnstudio.engine.export.exported_program import to_exported_program  # noqa: E402
from nnstudio.engine.export.onnx_file import to_onnx  # noqa: E402
from nnstudio.engine.export.subject import subject  # noqa: E402
from nnstudio.engine.export.trial import difference  # noqa: E402
from nnstudio.engine.importing import import_module, import_onnx  # noqa: E402
from reference import REFERENCES, Reference, examples, module  # noqa: E402

NOT_IN_ONNX = {"zfnet": "ONNX has no pool that takes the largest of windows of several sizes"}
NOT_BACK = {"segnet": "its unpooling is written with the places of the whole batch"}
ROUNDING = 30.0  # see trial.difference: deep networks round often


def layer(name: str, folder: Path) -> None:
    """A drawing of one layer, to both formats and back from ONNX."""
    project = drawing(name)
    formats = REFUSED[name][0] if name in REFUSED else ()
    if "pt2" not in formats:
        to_exported_program(project)
    if "onnx" in formats:
        return
    path = folder / "layer.onnx"
    path.write_bytes(to_onnx(project).content)
    if name in ONE_WAY:
        return
    what = subject(project)
    rows = what.rows(4, drawn=True)
    alike(what.compute(rows), results(import_onnx(path), rows))


def torch_file(reference: Reference, folder: Path, optimize: bool) -> None:
    """A reference as torch.onnx writes it."""
    original = module(reference, 0).eval()
    path = by_torch(original, examples(reference, 3, 1), folder / "reference.onnx", optimize)
    rows = examples(reference, 5, 2)
    alike(computed(original, rows), results(import_onnx(path), rows))


def round_trip(reference: Reference, folder: Path) -> None:
    """A reference as a drawing, to ONNX and back."""
    original = module(reference, 0).eval()
    found = import_module(original, examples(reference, 3, 1))
    path = folder / "drawing.onnx"
    project: Project = found.project
    path.write_bytes(to_onnx(project, found.checkpoint).content)
    rows = examples(reference, 5, 2)
    alike(computed(original, rows), results(import_onnx(path), rows))


def computed(original: torch.nn.Module, rows: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    with torch.no_grad():
        made = original(*rows)
    if isinstance(made, dict):
        made = tuple(made.values())
    return tuple(made) if isinstance(made, (tuple, list)) else (made,)


def alike(expected: tuple[torch.Tensor, ...], got: tuple[torch.Tensor, ...]) -> None:
    apart = max(difference(own, other.numpy()) for own, other in zip(expected, got, strict=True))
    if not apart <= ROUNDING:
        raise AssertionError(f"the results are {apart:.3g} times as far apart as one order of rounding explains")


def main(names: list[str]) -> int:
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    tasks: list[tuple[str, Callable[[Path], None]]] = []
    for name in LAYERS:
        tasks.append((f"layer {name}", lambda folder, name=name: layer(name, folder)))
    for reference in REFERENCES:
        if reference.name in NOT_IN_ONNX or reference.name in NOT_BACK:
            continue
        for optimize in (True, False):
            words = f"torch {reference.name} {'optimised' if optimize else 'as it is'}"
            tasks.append((words, lambda folder, r=reference, o=optimize: torch_file(r, folder, o)))
        tasks.append((f"drawing {reference.name}", lambda folder, r=reference: round_trip(r, folder)))
    wrong = 0
    chosen = [(words, work) for words, work in tasks if not names or words.split()[1] in names]
    for words, work in chosen:
        began = time.perf_counter()
        try:
            with tempfile.TemporaryDirectory() as folder:
                work(Path(folder))
            outcome = "good"
        except torch.onnx.errors.OnnxExporterError as error:
            outcome = f"torch.onnx does not write it: {type(error).__name__}"
        except Exception as error:
            wrong += 1
            outcome = f"{type(error).__name__}: {str(error)[:300]}"
        print(f"{words}: {outcome} ({time.perf_counter() - began:.1f} s)", flush=True)
    print(f"{len(chosen) - wrong} of {len(chosen)} good")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
