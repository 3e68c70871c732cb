"""Taking a Checkpoint from a Run, and going on from one."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.kinds import Layer
from nnstudio.core.project import Project
from nnstudio.core.spec import from_json, to_json
from nnstudio.core.storage import graph_to_json, project_to_json
from nnstudio.engine.network import Network

if TYPE_CHECKING:
    from nnstudio.engine.run import Run


def recipe(project: Project, order: tuple[str, ...]) -> dict[str, str]:
    """The settings that must be equal for an exact continuation, as canonical text.

    Titles, positions and what leads to no Output do not count. Neither do the learning rate and the number of epochs:
    they may change while a training goes on.
    """
    written = project_to_json(project)
    network = _network_recipe(graph_to_json(project.graph), set(order))
    optimizer = to_json(project.training.optimizer) if project.training.optimizer else {"settings": {}}
    optimizer["settings"].pop("lr", None)
    return {
        name: json.dumps(value, sort_keys=True)
        for name, value in {
            "network": network,
            "data": written["data"],
            "optimizer": optimizer,
            "batch_size": project.training.batch_size,
            "seed": project.training.seed,
        }.items()
    }


def _network_recipe(graph: dict[str, Any], kept: set[str] | None = None) -> list[Any]:
    """What a drawing computes: layers, marks and wires, without titles and places."""
    nodes: dict[str, Any] = {}
    for node in graph["nodes"]:
        if kept is not None and node["id"] not in kept:
            continue
        layer = dict(node["layer"])
        if "graph" in layer:
            layer["graph"] = _network_recipe(layer["graph"])
        marks = {name: value for name, value in node.items() if name not in ("id", "title", "layer", "position")}
        nodes[node["id"]] = {"layer": layer, **marks} if marks else layer
    edges = [edge for edge in graph["edges"] if kept is None or {edge[0], edge[2]} <= kept]
    return [nodes, edges]


def _same(name: str, stored: str | None, wanted: str) -> bool:
    """Whether two parts of a recipe say the same. An older version may have written fewer settings of a layer."""
    if stored == wanted or stored is None or name != "network":
        return stored == wanted
    try:
        (nodes, edges), (own, own_edges) = json.loads(stored), json.loads(wanted)
        return edges == own_edges and {i: to_json(from_json(Layer, layer)) for i, layer in nodes.items()} == own
    except (ValueError, TypeError, AttributeError):
        return False


def _schedule_recipe(project: Project) -> str:
    schedule = project.training.schedule
    if schedule is None or schedule.torch_class is None:
        return "constant"
    return json.dumps([to_json(schedule), project.training.epochs], sort_keys=True)


def take(run: Run) -> Checkpoint:
    """A copy of all that the Run has learned and of where it stands."""
    network = run.network
    parameters = dict(network.named_parameters())
    state = {
        f"{name}|{key}": _array(value)
        for name, parameter in parameters.items()
        for key, value in run.optimizer.state.get(parameter, {}).items()
        if isinstance(value, torch.Tensor)
    }
    group = run.optimizer.param_groups[0]
    return Checkpoint(
        names=network.names_by_node(),
        weights={name: _array(value) for name, value in network.state_dict().items()},
        optimizer=state,
        optimizer_options={"lr": float(group["lr"]), "base_lr": run.base_lr},
        schedule=_plain(run.schedule.state_dict()) if run.schedule is not None else None,
        random_state=_array(run._random_state),
        device_random_state=_array(run._device_random_state),
        epoch=run.epoch,
        batch=run.batch,
        step=run.step,
        seconds=run.seconds,
        pending_losses=np.asarray(run._epoch_losses, np.float32),
        pending_outputs=_array(torch.cat(run._outputs)) if run._outputs else np.zeros(0, np.float32),
        pending_sums={key: sums.flatten().tolist() for key, sums in run._sums.items()},
        history=History(tuple(run._records), run._step_losses.view().copy()),
        recipe=recipe(run.project, run.network.order) | {"schedule": _schedule_recipe(run.project)},
    )


def restore(run: Run, checkpoint: Checkpoint) -> None:
    """Bring a new Run to where a checkpoint stands, as far as it fits.

    A checkpoint comes out of a file. What is in it may fit the project and still be of no use (another number of losses
    than of batches, a random state that is none): then the weights are carried over and a new epoch begins.
    """
    wanted = recipe(run.project, run.network.order) | {"schedule": _schedule_recipe(run.project)}
    same = {name for name, text in wanted.items() if _same(name, checkpoint.recipe.get(name), text)}
    run.kept = restore_weights(run.network, checkpoint)
    whole_optimizer = "optimizer" in same and _restore_optimizer(run, checkpoint)
    run.epoch = checkpoint.epoch
    run.step = checkpoint.step
    run.seconds = checkpoint.seconds
    run._records = [dict(record) for record in checkpoint.history.epochs]
    run._step_losses.extend(np.asarray(checkpoint.history.step_losses, np.float32))
    run._begin_epoch()
    exact = (
        same >= {"network", "data", "optimizer", "batch_size", "seed"}
        and whole_optimizer
        and _stateful(run) == set(run.kept)
        and _is_random_state(checkpoint.random_state)
        and _pending_fits(run, checkpoint)
    )
    if exact:
        _restore_position(run, checkpoint)
    exact = _restore_schedule(run, checkpoint, exact and "schedule" in same) and exact
    run.continuation = "exact" if exact else "carried"


def _restore_position(run: Run, checkpoint: Checkpoint) -> None:
    """The place within the epoch, and what was measured in it so far."""
    run.batch = checkpoint.batch
    run._random_state = _tensor(checkpoint.random_state)
    if len(checkpoint.device_random_state) == len(run._device_random_state):
        run._device_random_state = _tensor(checkpoint.device_random_state)
    run._epoch_losses = [float(loss) for loss in checkpoint.pending_losses]
    if len(checkpoint.pending_outputs):
        run._outputs = [_tensor(checkpoint.pending_outputs).to(run.device)]
    run._sums = {
        key: torch.tensor(checkpoint.pending_sums[key], dtype=torch.float64).reshape(like.shape)
        for key, like in _sums_like(run, checkpoint.batch).items()
    }


def _is_random_state(state: np.ndarray) -> bool:
    try:
        torch.Generator().set_state(_tensor(state))
    except (RuntimeError, TypeError):
        return False
    return True


def _pending_fits(run: Run, checkpoint: Checkpoint) -> bool:
    """Whether what is pending belongs to as many batches as were done in the epoch."""
    batch = checkpoint.batch
    if batch >= run.batches or len(checkpoint.pending_losses) != batch:
        return False
    summed = batch // run.BATCHES_A_SUM * run.BATCHES_A_SUM
    rows = sum(len(targets) for targets in run._batch_targets[summed:batch])
    with run.looking():
        output = run.output(run._batch_inputs[0][:1])
    outputs = checkpoint.pending_outputs
    if len(outputs) != rows or (rows and outputs.shape[1:] != tuple(output.shape[1:])):
        return False
    found = {key: len(numbers) for key, numbers in checkpoint.pending_sums.items()}
    return found == {key: like.numel() for key, like in _sums_like(run, batch).items()}


def _sums_like(run: Run, batch: int) -> dict[str, torch.Tensor]:
    """What the metrics' sums look like after this many batches; none before the first are added up."""
    sums: dict[str, torch.Tensor] = {}
    if batch >= run.BATCHES_A_SUM:
        with run.looking():
            run._add_sums(sums, run.output(run._batch_inputs[0][:1]), run._batch_targets[0][:1])
    return sums


def _stateful(run: Run) -> set[str]:
    """The paths of the nodes that have weights or buffers."""
    return {path for path, own in run.network.states_by_node().items() if own}


def restore_weights(network: Network, checkpoint: Checkpoint) -> tuple[str, ...]:
    """Copy the weights of every node that is still there and whose arrays still fit; the paths of these nodes."""
    kept = []
    with torch.no_grad():
        for path, own in network.states_by_node().items():
            old = {key: checkpoint.weights.get(checkpoint.names.get(path, "") + key) for key in own}
            if own and path in checkpoint.names and all(_fits(old[key], own[key]) for key in own):
                for key, array in old.items():
                    assert array is not None
                    own[key].copy_(_tensor(array))
                kept.append(path)
    return tuple(kept)


def _restore_optimizer(run: Run, checkpoint: Checkpoint) -> bool:
    """Give each parameter that was kept its own state back. Whether every parameter got a whole one.

    A parameter that the loss does not reach has none.
    """
    assert run.project.training.optimizer is not None
    kept = set(run.kept)
    whole = True
    for path, own in run.network.states_by_node().items():
        for key, parameter in own.items():
            if not isinstance(parameter, torch.nn.Parameter) or not parameter.requires_grad:
                continue
            wanted = _fresh_state(run, parameter) if checkpoint.step else {}
            prefix = f"{checkpoint.names.get(path)}{key}|"
            found = {name: checkpoint.optimizer.get(prefix + name) for name in wanted}
            if path not in kept or not all(_fits(found[name], wanted[name]) for name in wanted):
                whole = whole and path in kept and all(array is None for array in found.values())
                continue
            for name, array in found.items():
                assert array is not None
                run.optimizer.state[parameter][name] = _tensor(array).to(wanted[name].device)
    return whole


def _fresh_state(run: Run, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """What this optimizer keeps for a parameter like this one, after one step."""
    assert run.project.training.optimizer is not None
    probe = torch.nn.Parameter(torch.zeros_like(parameter))
    probe.grad = torch.zeros_like(probe)
    optimizer = run.project.training.optimizer.build([probe])
    optimizer.step()
    return {name: value for name, value in optimizer.state[probe].items() if isinstance(value, torch.Tensor)}


def _fits(array: np.ndarray | None, like: torch.Tensor) -> bool:
    return array is not None and array.shape == tuple(like.shape) and _tensor(array).dtype == like.dtype


def _restore_schedule(run: Run, checkpoint: Checkpoint, same: bool) -> bool:
    """Go on with the schedule from where it was; another one takes over at this epoch. Whether it is the same."""
    base_lr, lr = (checkpoint.optimizer_options.get(name) for name in ("base_lr", "lr"))
    valid = isinstance(lr, float) and isinstance(base_lr, float) and lr >= 0 and base_lr > 0
    if not (same and valid and (run.schedule is None or _load_schedule(run, checkpoint))):
        if run.schedule is not None:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch would have an optimizer step before the first of these
                for _ in range(min(run.epoch, 1_000_000)):
                    run.schedule.step()
        return False
    assert isinstance(base_lr, float)
    wanted, group = run._base_lr, run.optimizer.param_groups[0]
    group["lr"] = lr
    if run.schedule is not None:
        group["initial_lr"] = base_lr
    run._base_lr = base_lr
    run.set_lr(wanted)
    run._apply_wanted_lr()
    return True


def _load_schedule(run: Run, checkpoint: Checkpoint) -> bool:
    """Whether the scheduler took the state; a state of another form (a damaged or foreign file) is not taken."""
    assert run.schedule is not None
    fresh = _plain(run.schedule.state_dict())
    stored = checkpoint.schedule
    if not _alike(fresh, stored):
        return False
    run.schedule.load_state_dict(_merged(run.schedule.state_dict(), stored))
    return True


def _alike(fresh: Any, stored: Any) -> bool:
    if isinstance(fresh, dict):
        if not isinstance(stored, dict) or fresh.keys() != stored.keys():
            return False
        return all(_alike(fresh[key], stored[key]) for key in fresh)
    if isinstance(fresh, list):
        return isinstance(stored, list) and len(fresh) == len(stored) and all(map(_alike, fresh, stored))
    if isinstance(fresh, bool) or fresh is None or isinstance(fresh, str):
        return type(fresh) is type(stored)
    return isinstance(stored, (int, float)) and not isinstance(stored, bool)


def _merged(fresh: dict[str, Any], stored: Any) -> dict[str, Any]:
    return {key: stored.get(key, value) for key, value in fresh.items()}


def _plain(value: Any) -> Any:
    """Numbers, texts, lists and objects of a scheduler's state; what is code is left out."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if _keepable(item)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value if _keepable(item)]
    return value.item() if isinstance(value, torch.Tensor) else value


def _keepable(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple, dict, torch.Tensor))


def _tensor(array: np.ndarray) -> torch.Tensor:
    """A copy, since what a file was read into may not be written to."""
    return torch.from_numpy(np.array(array))


def _array(tensor: torch.Tensor) -> np.ndarray:
    return tensor.detach().to("cpu", copy=True).numpy()
