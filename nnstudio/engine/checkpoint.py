"""Taking a Checkpoint from a Run, and going on from one."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from nnstudio.core.checkpoint import Checkpoint, History
from nnstudio.core.kinds import Layer, Optimizer, Schedule
from nnstudio.core.project import Project, TrainingSettings
from nnstudio.core.spec import from_json, to_json
from nnstudio.core.storage import graph_to_json, project_to_json
from nnstudio.engine.network import Network
from nnstudio.engine.updates import options_of, restore_options

# What changes the numbers of a training, beside optimizer, schedule, batch size and seed. When to stop and what to keep
# at the end may change on the way, and a captured step gives the same numbers as a plain one.
FINER = ("accumulate", "clip_norm", "clip_value", "decay_biases", "class_weights", "ema_decay", "precision", "compile")

_NOT_FINITE = ("inf", "-inf", "nan")

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
            **_finer_recipe(project),
        }.items()
    }


def _finer_recipe(project: Project) -> dict[str, Any]:
    """Settings that later versions added; what is at its default says nothing, so that older checkpoints go on."""
    usual, own = TrainingSettings(), project.training
    found = {name: getattr(own, name) for name in FINER if getattr(own, name) != getattr(usual, name)}
    if own.groups:
        found["groups"] = [asdict(group) for group in own.groups]
    return {"finer": found} if found else {}


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
    """Whether two parts of a recipe say the same. An older version may have written fewer settings of a Spec."""
    if stored == wanted or stored is None or name not in ("network", "optimizer", "schedule"):
        return stored == wanted
    try:
        if name == "optimizer":
            return bool(from_json(Optimizer, json.loads(stored)) == from_json(Optimizer, json.loads(wanted)))
        if name == "schedule":
            (schedule, epochs), (own_schedule, own_epochs) = json.loads(stored), json.loads(wanted)
            return epochs == own_epochs and to_json(from_json(Schedule, schedule)) == own_schedule
        (nodes, edges), (own, own_edges) = json.loads(stored), json.loads(wanted)
        return edges == own_edges and {i: to_json(from_json(Layer, layer)) for i, layer in nodes.items()} == own
    except (ValueError, TypeError, AttributeError):
        return False


def _schedule_recipe(project: Project) -> str:
    schedule = project.training.schedule
    if schedule is None or schedule.torch_class is None:
        return "constant"
    return json.dumps([to_json(schedule), project.training.epochs], sort_keys=True)


def take(run: Run, kept: Callable[[torch.Tensor], Any]) -> Checkpoint:
    """All that the Run has learned and where it stands; `kept` makes a copy of a tensor."""
    network = run.network
    parameters = dict(network.named_parameters())
    state = {
        f"{name}|{key}": kept(value)
        for name, parameter in parameters.items()
        for key, value in run.optimizer.state.get(parameter, {}).items()
        if isinstance(value, torch.Tensor)
    }
    waiting = run.batch % run.project.training.accumulate  # batches whose gradients are not in the weights yet
    gradients = {name: kept(p.grad) for name, p in parameters.items() if waiting and p.grad is not None}
    average = run._average.state_dict() if run._average is not None else {}
    scaler = run.updates.scaler.state_dict()
    watch = run._watch.state
    if scaler:
        watch |= {"scale": float(scaler["scale"]), "growth": float(scaler["_growth_tracker"])}
    return Checkpoint(
        names=network.names_by_node(),
        weights={name: kept(value) for name, value in network.state_dict().items()},
        optimizer=state,
        optimizer_options={"lr": run.lr, "base_lr": run.base_lr, "groups": options_of(run.optimizer)},
        schedule=_plain(run.updates.schedule.state_dict()) if run.updates.schedule is not None else None,
        random_state=kept(run._random_state),
        device_random_state=kept(run._device_random_state),
        epoch=run.epoch,
        batch=run.batch,
        step=run.step,
        seconds=run.seconds,
        pending_losses=np.asarray(run._epoch_losses, np.float32),
        pending_outputs=kept(run.sharing.whole(torch.cat(run._outputs), _pending_rows(run)))
        if run._outputs
        else np.zeros(0, np.float32),
        pending_sums={key: sums.flatten().tolist() for key, sums in run.sharing.sums(run._sums).items()},
        gradients=gradients,
        average={name: kept(value) for name, value in average.items()},
        best={name: kept(value) for name, value in run._watch.weights.items()},
        watch=watch,
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
    if checkpoint.recipe.keys() - wanted.keys():  # such as clipping, which this project does not have
        same.discard("network")
    run.kept = restore_weights(run.network, checkpoint, run.sharing.placed)
    whole_optimizer = "optimizer" in same and _restore_optimizer(run, checkpoint)
    run.epoch = checkpoint.epoch
    run.step = checkpoint.step
    run.seconds = checkpoint.seconds
    run._records = [dict(record) for record in checkpoint.history.epochs]
    run._step_losses.extend(np.asarray(checkpoint.history.step_losses, np.float32))
    run._begin_epoch()
    exact = (
        same >= wanted.keys() - {"schedule"}
        and whole_optimizer
        and _stateful(run) == set(run.kept)
        and _is_random_state(checkpoint.random_state)
        and _pending_fits(run, checkpoint)
        and _restore_more(run, checkpoint)
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
        whole = _tensor(checkpoint.pending_outputs)
        run._outputs = [run.sharing.part(whole, _pending_rows(run)).to(run.device)]
        run._targets = [_targets_of(run, number) for number in _pending(run)]
    run._sums = run.sharing.own_sums(
        {
            key: torch.tensor(checkpoint.pending_sums[key], dtype=torch.float64).reshape(like.shape)
            for key, like in _sums_like(run, checkpoint.batch).items()
        }
    )


def _targets_of(run: Run, number: int) -> torch.Tensor:
    """What the main Output is compared with in this batch of the epoch."""
    return run.sharing.counted(run._batches[number][1][run.objective.place], run._batches.rows_of(number))


def _pending(run: Run) -> range:
    """The batches whose outputs are not in the sums yet."""
    return range(run.batch // run.BATCHES_A_SUM * run.BATCHES_A_SUM, run.batch)


def _pending_rows(run: Run) -> list[int]:
    """How many rows each of them has."""
    return [run._batches.rows_of(number) for number in _pending(run)]


def _restore_more(run: Run, checkpoint: Checkpoint) -> bool:
    """Gradients, the moving average, the best weights and the watched loss; whether all that is needed was there."""
    watch = checkpoint.watch
    counts = [watch.get(name, 0.0) for name in ("best_epoch", "waited")]
    if not all(count >= 0 and count == int(count) for count in counts if math.isfinite(count)):
        return False
    run._watch.best = float(watch.get("best", math.nan))
    run._watch.best_epoch, run._watch.waited = (int(count) if math.isfinite(count) else 0 for count in counts)
    weights = run.network.state_dict()
    if checkpoint.best and run.project.training.keep_best:
        if not _all_fit(checkpoint.best, weights):
            return False
        run._watch.weights = {
            name: run.sharing.placed(_tensor(array), weights[name]) for name, array in checkpoint.best.items()
        }
    if run._average is not None:
        average = run._average.state_dict()
        if not _all_fit(checkpoint.average, average):
            return False
        run._average.load_state_dict(
            {name: run.sharing.placed(_tensor(array), average[name]) for name, array in checkpoint.average.items()}
        )
    if run.updates.scaler.is_enabled() and checkpoint.step:
        scale, growth = watch.get("scale", math.nan), watch.get("growth", math.nan)
        if not (scale > 0 and growth >= 0):
            return False
        run.updates.scaler.load_state_dict(
            run.updates.scaler.state_dict() | {"scale": scale, "_growth_tracker": int(growth)}
        )
    if checkpoint.batch % run.project.training.accumulate:
        parameters = dict(run.network.named_parameters())
        for name, array in checkpoint.gradients.items():
            if name not in parameters or not _fits(array, parameters[name]):
                return False
            parameters[name].grad = run.sharing.placed(_tensor(array), parameters[name])
    return True


def _all_fit(arrays: Mapping[str, np.ndarray], state: Mapping[str, torch.Tensor]) -> bool:
    return arrays.keys() == state.keys() and all(_fits(arrays[name], state[name]) for name in state)


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
    rows = sum(run._batches.rows_of(number) for number in range(summed, batch))
    with run.looking():
        output = run.output(run._batches[0][0][:1])
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
            run.figures.add(sums, run.output(run._batches[0][0][:1]), _targets_of(run, 0)[:1])
    return sums


def _stateful(run: Run) -> set[str]:
    """The paths of the nodes that have weights or buffers."""
    return {path for path, own in run.network.states_by_node().items() if own}


def restore_weights(
    network: Network,
    checkpoint: Checkpoint,
    placed: Callable[[torch.Tensor, torch.Tensor], torch.Tensor] = lambda tensor, like: tensor,
) -> tuple[str, ...]:
    """Copy the weights of every node that is still there and whose arrays still fit; the paths of these nodes.

    `placed` brings a tensor to where another one is.
    """
    kept = []
    with torch.no_grad():
        for path, own in network.states_by_node().items():
            old = {key: checkpoint.weights.get(checkpoint.names.get(path, "") + key) for key in own}
            if own and path in checkpoint.names and all(_fits(old[key], own[key]) for key in own):
                for key, array in old.items():
                    assert array is not None
                    own[key].copy_(placed(_tensor(array), own[key]))
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
                run.optimizer.state[parameter][name] = run.sharing.placed(_tensor(array), wanted[name])
    return whole


def _fresh_state(run: Run, parameter: torch.Tensor) -> dict[str, torch.Tensor]:
    """What this optimizer keeps for a parameter like this one, after one step."""
    assert run.project.training.optimizer is not None
    probe = torch.nn.Parameter(torch.zeros_like(parameter))
    probe.grad = torch.zeros_like(probe)
    optimizer = run.project.training.optimizer.build([probe])
    run.sharing.adapt(optimizer)
    optimizer.step()
    return {name: value for name, value in optimizer.state[probe].items() if isinstance(value, torch.Tensor)}


def _fits(array: np.ndarray | None, like: torch.Tensor) -> bool:
    return array is not None and array.shape == tuple(like.shape) and _tensor(array).dtype == like.dtype


def _restore_schedule(run: Run, checkpoint: Checkpoint, same: bool) -> bool:
    """Go on with the schedule from where it was; another one takes over at this epoch. Whether it is the same."""
    base_lr, lr = (checkpoint.optimizer_options.get(name) for name in ("base_lr", "lr"))
    valid = isinstance(lr, float) and isinstance(base_lr, float) and lr >= 0 and base_lr > 0
    updates, training = run.updates, run.project.training
    if not (same and valid and (updates.schedule is None or _load_schedule(run, checkpoint))):
        if training.schedule is not None and updates.schedule is not None and not training.schedule.watches:
            times = run.epoch * (updates.each if training.schedule.stepped == "step" else 1)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # torch would have an optimizer step before the first of these
                for _ in range(min(times, 1_000_000)):
                    updates.schedule.step()
        return False
    assert isinstance(base_lr, float)
    groups = run.optimizer.param_groups
    if not restore_options(run.optimizer, checkpoint.optimizer_options.get("groups")):
        groups[0]["lr"] = lr  # a checkpoint of a version that had one group
        if updates.schedule is not None:
            groups[0]["initial_lr"] = base_lr
        if len(groups) > 1:
            return False
    wanted, updates.base_lr = updates.base_lr, base_lr
    updates.set_base_lr(wanted)
    return True


def _load_schedule(run: Run, checkpoint: Checkpoint) -> bool:
    """Whether the scheduler took the state; a state of another form (a damaged or foreign file) is not taken."""
    schedule = run.updates.schedule
    fresh = _plain(schedule.state_dict())
    stored = checkpoint.schedule
    if not _alike(fresh, stored):
        return False
    schedule.load_state_dict(_merged(schedule.state_dict(), stored))
    return True


def _alike(fresh: Any, stored: Any) -> bool:
    if isinstance(fresh, dict):
        if not isinstance(stored, dict) or fresh.keys() != stored.keys():
            return False
        return all(_alike(fresh[key], stored[key]) for key in fresh)
    if isinstance(fresh, list):
        return isinstance(stored, list) and len(fresh) == len(stored) and all(map(_alike, fresh, stored))
    if isinstance(fresh, bool) or fresh is None or (isinstance(fresh, str) and fresh not in _NOT_FINITE):
        return type(fresh) is type(stored)
    return stored in _NOT_FINITE or (isinstance(stored, (int, float)) and not isinstance(stored, bool))


def _merged(fresh: dict[str, Any], stored: Any) -> dict[str, Any]:
    return {key: _number(stored.get(key, value)) for key, value in fresh.items()}


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, str) and value in _NOT_FINITE else value


def _plain(value: Any) -> Any:
    """Numbers, texts, lists and objects of a scheduler's state; what is code is left out."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items() if _keepable(item)}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value if _keepable(item)]
    if isinstance(value, torch.Tensor):
        value = value.item()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value  # JSON has no infinity


def _keepable(value: Any) -> bool:
    return value is None or isinstance(value, (bool, int, float, str, list, tuple, dict, torch.Tensor))


def _tensor(array: np.ndarray) -> torch.Tensor:
    """A copy, since what a file was read into may not be written to."""
    return torch.from_numpy(np.array(array))
