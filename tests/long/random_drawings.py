"""The properties of all drawings, tried on many random ones.

    python -m tests.long.random_drawings --count 10000 [--seed 1] [--processes 2]

Each drawing is tried for: the network against a second reader (weights, outputs, gradients, running statistics, in
training and evaluation, bit for bit), the exported classes against the network, shapes for 1, 2 and 7 rows at every
node, exact counts of parameters, rows that do not mix, saving and loading, another order of nodes and wires, other
names and places, copying and pasting, and a mistake that is said where it was made. With `--onnx N`, every N-th one is
exported and run by ONNX Runtime too. A drawing that fails is kept as a project file in the folder of `--keep`.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import multiprocessing
import sys
import tempfile
import time
import traceback
import warnings
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

Check = Callable[[int, Path], object]


def checks() -> dict[str, Check]:
    """Every property by name, as a function of a seed and a folder."""
    from engine import test_marked_drawings as marked
    from engine import test_random_drawings as plain

    return {
        "a second reader": lambda seed, folder: marked.test_the_network_is_what_a_second_reader_makes_of_it(seed),
        "exported classes": marked.test_the_exported_classes_are_the_network,
        "shapes": lambda seed, folder: marked.test_shapes_are_what_they_are_said_to_be(seed),
        "what does not count": marked.test_what_does_not_count_changes_nothing,
        "by hand, without blocks": lambda seed, folder: plain.test_the_network_is_what_one_would_write_by_hand(seed),
        "counts": lambda seed, folder: plain.test_shapes_and_counts_are_what_they_are_said_to_be(seed),
        "rows by themselves": lambda seed, folder: plain.test_each_row_is_taken_by_itself(seed),
        "copies and names": plain.test_what_does_not_count_changes_nothing,
        "mistakes": lambda seed, folder: plain.test_a_mistake_is_said_where_it_was_made(seed),
    }


def through_onnx(seed: int, folder: Path) -> None:
    """ONNX Runtime computes the same, with 1 and 5 rows: the export itself compares, and refuses where it does not."""
    from engine.marked_drawings import random_marked
    from nnstudio.core.project import Project
    from nnstudio.engine.export.onnx_file import to_onnx
    from nnstudio.library.layers.input import Input

    graph, kind = random_marked(seed)
    for node_id, node in graph.nodes.items():
        if isinstance(node.layer, Input):
            graph = graph.set_layer(node_id, node.layer.with_(shape=kind.shape, dtype=kind.dtype))
    assert to_onnx(Project(graph)).content


def try_one(work: tuple[int, int, str]) -> list[tuple[int, str, str]]:
    """What fails for one seed: the seed, the property, and the end of the traceback."""
    seed, every, keep = work
    chosen = checks()
    if every and seed % every == 0:
        chosen["ONNX Runtime"] = through_onnx
    wrong = []
    for name, check in chosen.items():
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                with contextlib.redirect_stdout(io.StringIO()):
                    check(seed, Path(folder))
            except Exception:
                wrong.append((seed, name, traceback.format_exc()[-1500:]))
    if wrong and keep:
        _keep(seed, Path(keep))
    return wrong


def _keep(seed: int, folder: Path) -> None:
    from engine.marked_drawings import random_marked
    from nnstudio.core import storage
    from nnstudio.core.project import Project

    folder.mkdir(parents=True, exist_ok=True)
    storage.write(folder / f"drawing_{seed}.nnstudio", Project(random_marked(seed)[0]))


def _prepare() -> None:
    import torch

    torch.set_num_threads(1)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--onnx", type=int, default=0, metavar="N")
    parser.add_argument("--keep", default="", metavar="FOLDER")
    options = parser.parse_args(arguments)
    began = time.perf_counter()
    first = options.seed * 1_000_000
    work = [(first + number, options.onnx, options.keep) for number in range(options.count)]
    failures = 0
    context = multiprocessing.get_context("spawn")
    with context.Pool(options.processes, initializer=_prepare) as pool:
        for number, wrong in enumerate(pool.imap_unordered(try_one, work, chunksize=8), start=1):
            for seed, name, words in wrong:
                failures += 1
                print(f"seed {seed}, {name}:\n{words}", flush=True)
            if number % 250 == 0:
                print(f"{number} drawings, {failures} failures, {time.perf_counter() - began:.0f} s", flush=True)
    seconds = time.perf_counter() - began
    many = len(checks()) + bool(options.onnx)
    print(f"{options.count} drawings, {many} checks each, {failures} failures, seed {options.seed}, {seconds:.0f} s")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
