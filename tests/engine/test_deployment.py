"""A Network is a module like any other for what torch offers: compiling, exporting, copying, AMP and DDP."""

from __future__ import annotations

import copy
import os
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from engine.projects import layer
from engine.test_blocks import residual
from nnstudio.core.graph import Graph
from nnstudio.engine.compiler import compile_network
from nnstudio.engine.network import Network

ROOT = Path(__file__).resolve().parents[2]


def convolutional() -> Graph:
    """An image and a table come in; a class and a number come out; a table of weights is used twice."""
    graph, image = Graph().add(layer("Input", shape=(3, 8, 8)), title="image")
    graph, table = graph.add(layer("Input", shape=(8,)), title="table")
    graph, conv = graph.add(layer("Conv2d", padding=1), title="conv")
    graph, norm = graph.add(layer("BatchNorm2d"), title="norm")
    graph, pool = graph.add(layer("AdaptiveAvgPool2d", output_size=1), title="pool")
    graph, flat = graph.add(layer("Flatten"), title="flat")
    graph, one = graph.add(layer("Linear", out_features=8), title="one")
    graph, two = graph.add(layer("Linear", out_features=8), title="two")
    graph, add = graph.add(layer("Add"), title="add")
    graph, kind = graph.add(layer("Output"), title="kind")
    graph, number = graph.add(layer("Output"), title="number")
    for first, second in ((image, conv), (conv, norm), (norm, pool), (pool, flat), (flat, one), (table, two)):
        graph = graph.wire(first, second)
    graph = graph.share(two.id, one.id)
    return graph.wire(one, add, "a").wire(two, add, "b").wire(add, kind).wire(two, number)


def inputs(rows: int) -> tuple[torch.Tensor, torch.Tensor]:
    return torch.randn(rows, 3, 8, 8), torch.randn(rows, 8)


@pytest.fixture
def network() -> Network:
    torch.manual_seed(0)
    return compile_network(convolutional())


def test_a_copy_is_a_network_of_its_own(network: Network) -> None:
    twin = copy.deepcopy(network)
    rows = inputs(4)
    assert all(torch.equal(a, b) for a, b in zip(twin.eval()(*rows), network.eval()(*rows), strict=True))
    with torch.no_grad():
        twin.get_parameter("one.weight").zero_()
    assert network.get_parameter("one.weight").abs().sum() > 0
    assert twin(*rows)[1].abs().max() == network.get_parameter("one.bias").abs().max()


def test_a_module_that_is_replaced_is_used(network: Network) -> None:
    """As quantisation and pruning do."""
    network.eval().one = nn.Linear(8, 8)  # type: ignore[assignment]
    with torch.no_grad():
        network.one.weight.zero_()  # type: ignore[union-attr]
        network.one.bias.fill_(2)  # type: ignore[union-attr]
    assert (network(*inputs(3))[1] == 2).all()
    nn.utils.parametrize.register_parametrization(network.one, "bias", nn.Softplus())  # type: ignore[arg-type]
    assert torch.allclose(network(*inputs(3))[1], torch.log1p(torch.exp(torch.tensor(2.0))))


def test_hooks_are_called(network: Network) -> None:
    seen = []
    module = network.module_of("n7")
    assert module is not None
    module.register_forward_hook(lambda *given: seen.append(given[2].shape))
    network(*inputs(4))
    assert len(seen) == 2  # it is shared by two nodes


@pytest.mark.parametrize("training", [False, True])
def test_compiled_and_exported(network: Network, training: bool) -> None:
    network.train(training)
    rows = inputs(4)
    twin = copy.deepcopy(network)
    compiled = torch.compile(twin, backend="aot_eager", fullgraph=True)
    results = [compiled(*rows), network(*rows)]
    for got, expected in zip(*results, strict=True):
        torch.testing.assert_close(got, expected)
    sum(output.sum() for output in results[0]).backward()
    sum(output.sum() for output in results[1]).backward()
    for mine, theirs in zip(twin.parameters(), network.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, theirs.grad)
    batch = torch.export.Dim("batch", min=1, max=64)
    exported = torch.export.export(network, rows, dynamic_shapes=({0: batch}, {0: batch}))
    assert set(exported.state_dict) == set(network.state_dict())
    module = exported.module()
    for count in (2, 7):
        given = inputs(count)
        for got, expected in zip(module(*given), copy.deepcopy(network)(*given), strict=True):
            torch.testing.assert_close(got, expected)


def test_a_loop_over_blocks_is_compiled() -> None:
    network = compile_network(residual(3, False))
    compiled = torch.compile(network, backend="aot_eager", fullgraph=True)
    x = torch.randn(4, 6)
    torch.testing.assert_close(compiled(x), network(x))


def test_automatic_mixed_precision(network: Network) -> None:
    rows = inputs(8)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        kind, number = network(*rows)
        loss = kind.float().square().mean() + number.float().square().mean()
    assert number.dtype == torch.bfloat16
    loss.backward()
    expected = copy.deepcopy(network).float()(*rows)
    assert torch.allclose(kind.float(), expected[0], atol=0.1)
    assert all(
        parameter.grad is not None and parameter.grad.dtype == torch.float32 for parameter in network.parameters()
    )
    half = copy.deepcopy(network).to(torch.bfloat16)
    assert half(*(row.bfloat16() for row in rows))[0].dtype == torch.bfloat16


def test_names_of_the_state_dict_are_the_titles(network: Network) -> None:
    assert list(dict(network.named_parameters())) == [
        "conv.weight",
        "conv.bias",
        "norm.weight",
        "norm.bias",
        "one.weight",
        "one.bias",
    ]
    again = compile_network(convolutional())
    again.load_state_dict(network.state_dict())
    rows = inputs(2)
    assert torch.equal(again.eval()(*rows)[0], network.eval()(*rows)[0])


def test_the_state_dict_can_be_saved_by_torch(network: Network, tmp_path: Path) -> None:
    torch.save(network.state_dict(), tmp_path / "weights.pt")
    found = torch.load(tmp_path / "weights.pt", weights_only=True)
    assert found.keys() == network.state_dict().keys()
    with pytest.raises((pickle.PicklingError, AttributeError)):
        pickle.dumps(network)  # its class is made for it alone: weights are saved, drawings are saved, code is not


TWO_PROCESSES = """
import sys
import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel
from engine.test_deployment import convolutional, inputs
from nnstudio.engine.compiler import compile_network

rank, store = int(sys.argv[1]), sys.argv[2]
distributed.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=2)
torch.manual_seed(0)
network = compile_network(convolutional()).eval()
parallel = DistributedDataParallel(network)
torch.manual_seed(5)
rows = inputs(8)
own = tuple(row[4 * rank : 4 * rank + 4] for row in rows)
sum(output.square().mean() for output in parallel(*own)).backward()
if rank == 0:
    torch.save([parameter.grad for parameter in network.parameters()], sys.argv[3])
distributed.destroy_process_group()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="file:// stores need another form there")
def test_two_processes_have_the_gradients_of_one(network: Network, tmp_path: Path) -> None:
    script, store, found = (tmp_path / name for name in ("part.py", "store", "gradients.pt"))
    script.write_text(TWO_PROCESSES)
    environment = {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}", "OMP_NUM_THREADS": "1", "GLOO_SOCKET_IFNAME": "lo"}

    parts = [
        subprocess.Popen(
            [sys.executable, str(script), str(rank), str(store), str(found)], env={**os.environ, **environment}
        )
        for rank in range(2)
    ]
    assert [part.wait(timeout=120) for part in parts] == [0, 0]
    torch.manual_seed(5)
    rows = inputs(8)
    sum(output.square().mean() for output in network.eval()(*rows)).backward()
    gradients = torch.load(found, weights_only=True)
    for parameter, gradient in zip(network.parameters(), gradients, strict=True):
        torch.testing.assert_close(parameter.grad, gradient)
