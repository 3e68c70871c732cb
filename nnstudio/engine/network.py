"""Network: the nn.Module that a drawing means."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import fx, nn
from torch.fx.graph import _format_target

from nnstudio.core.blocks import Block, boundary
from nnstudio.core.graph import Graph, Node, module_names
from nnstudio.engine.report import Report


class Part(nn.Module):
    """The layers of a block. The forward of the whole network calls them; there is none of the part alone."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def _get_name(self) -> str:
        return self._name


class Network(nn.Module):
    """The module that a drawing means.

    Its forward takes one tensor for each Input and gives one for each Output (a tuple if there are several), both in
    the order in which these nodes were made.

    Attributes:
        drawing: the Graph it was made from.
        order: the ids of the outermost nodes that are computed, in order.
        names: for each node with a module, by path, the name of that module. In a block that is repeated, `n3/n5` is
            the node n5 in the first pass and `n3#1/n5` that in the second.
        loose: the same for the nodes that are a parameter or a constant themselves.
        places: for each node, by path, the name of its value in `code_graph`.
        code_graph: torch.fx's graph of the forward; each of its nodes that is the value of a drawn node carries that
            node's path in `meta["node"]`.
    """

    def __init__(self, drawing: Graph, report: Report) -> None:
        """`report` is what `check_graph` found; it has no errors."""
        super().__init__()
        self.drawing = drawing
        self.order = report.order
        self.code_graph = fx.Graph()
        writer = _Writer(self, report)
        results = writer.level(drawing, self, "", "", {}, build=True)
        nodes = [results[node.id].node for node in boundary(drawing, "output")]
        self.code_graph.output(nodes[0] if len(nodes) == 1 else tuple(nodes))
        kept = {proxy.node for proxy in writer.made.values()}
        for node in reversed(list(self.code_graph.nodes)):  # of several outputs those that nobody takes
            if node.op == "call_function" and not node.users and node not in kept:
                self.code_graph.erase_node(node)
        self.code_graph.lint()
        self.names, self.loose = writer.names, writer.loose
        self.places = {path: proxy.node.name for path, proxy in writer.made.items()}
        self._frozen = writer.frozen
        self._activations: Any = None
        # Each network has a class of its own, as a GraphModule has: its forward is found as any other method is.
        self.__class__ = type("Network", (Network,), {"forward": _forward(self, self.code_graph)})

    def activations(self, *inputs: torch.Tensor) -> dict[str, torch.Tensor]:
        """The value at every node by path, for these inputs [batch, *shape]; an Output holds what it receives.

        Of a node with several outputs it is the first; of a repeated block, what happens in its last pass.
        """
        if self._activations is None:
            graph = fx.Graph()
            copies: dict[fx.Node, fx.Node] = {}
            graph.graph_copy(self.code_graph, copies)
            by_name = {node.name: copy for node, copy in copies.items()}
            graph.output({path: by_name[name] for path, name in self.places.items()})
            self._activations = _forward(self, graph)
        values: dict[str, torch.Tensor] = self._activations(self, *inputs)
        return values

    def module_of(self, path: str) -> nn.Module | None:
        """The module of a node; None for operations, which have none."""
        name = self.names.get(path)
        return None if name is None else self.get_submodule(name)

    def states_by_node(self) -> dict[str, dict[str, torch.Tensor]]:
        """The parameters and buffers of each node that has its own, by path, each under what follows the node's name.

        `{"n2": {".weight": …, ".bias": …}, "n5": {"": …}}`, where n5 is a parameter itself. Together they are the
        state_dict, with nothing twice that is not tied.
        """
        found: dict[str, dict[str, torch.Tensor]] = {}
        for path, module in self.modules_by_node():
            found[path] = {f".{key}": value for key, value in module.state_dict(keep_vars=True).items()}
        for path, name in self.loose.items():
            before, _, last = name.rpartition(".")
            holder = self.get_submodule(before)
            found[path] = {"": getattr(holder, last)} if last not in holder._non_persistent_buffers_set else {}
        return found

    def names_by_node(self) -> dict[str, str]:
        """The names that `states_by_node` leaves out, by path."""
        return {path: self.names[path] for path, _ in self.modules_by_node()} | self.loose

    def modules_by_node(self) -> Iterator[tuple[str, nn.Module]]:
        """The modules of layers (not of blocks) with their paths, each once."""
        seen: set[str] = set()
        for path, name in self.names.items():
            module = self.get_submodule(name)
            if name not in seen and not isinstance(module, (Part, nn.ModuleList)):
                seen.add(name)
                yield path, module

    def train(self, mode: bool = True) -> Network:
        """As in every module; what is frozen keeps its running statistics and uses them."""
        super().train(mode)
        for name in self._frozen:
            for module in self.get_submodule(name).modules():
                if getattr(module, "running_mean", None) is not None:
                    module.training = False
        return self


class _Writer:
    """Builds the modules and writes the forward down, level by level."""

    def __init__(self, network: Network, report: Report) -> None:
        self.report = report
        self.graph = network.code_graph
        self.tracer = fx.proxy.GraphAppendingTracer(self.graph)
        self.names: dict[str, str] = {}
        self.loose: dict[str, str] = {}
        self.made: dict[str, fx.Proxy] = {}
        self.frozen: list[str] = []

    def level(
        self,
        drawing: Graph,
        home: nn.Module,
        path: str,
        prefix: str,
        given: Mapping[str, fx.Proxy | None],
        build: bool,
        passes: str = "",
    ) -> dict[str, fx.Proxy]:
        """Write one level; the values at its outputs or exits by node id.

        `path` is its place in the report, `passes` the same with the numbers of the passes of blocks that are repeated.
        `home` is the module that holds the layers, `prefix` its name with a dot. With `build` the layers are made,
        otherwise they are there already (a block whose weights are used again).
        """
        wanted = module_names(drawing, inside=bool(path))
        inputs = boundary(drawing, "input")
        values: dict[tuple[str, str], fx.Proxy | None] = {}
        results: dict[str, fx.Proxy] = {}
        built: set[str] = set()
        for node_id in self.report.orders[path]:
            node = drawing.nodes[node_id]
            layer = node.layer
            arriving = [
                None
                if (edge := drawing.ending_at(node_id, port.name)) is None
                else values[edge.source, edge.source_port]
                for port in layer.input_ports
            ]
            if layer.role == "input":
                name = "x" if len(inputs) == 1 else wanted[node_id]
                made: Any = fx.Proxy(self.graph.placeholder(name), self.tracer)
            elif layer.role == "entry":
                made = given.get(node_id)
            elif layer.role in ("output", "exit") or node.bypassed:
                made = arriving[0]
                results[node_id] = made
            else:
                owner = node.shares or node_id
                own = build and owner not in built
                built.add(owner)
                name = prefix + wanted[owner]
                if isinstance(layer, Block):
                    made = self._block(node, home, wanted[owner], (path, passes), name, arriving, own)
                else:
                    made = self._layer(node, home, wanted[owner], (path, passes), name, arriving, own)
                if own:
                    self._initialise(drawing.nodes[owner], _held(home, wanted[owner]))
                if own and drawing.nodes[owner].frozen:
                    self._freeze(home, wanted[owner], name)
            outputs = made if isinstance(made, tuple) else (made,)
            ports = layer.output_ports or layer.input_ports
            values |= {(node_id, port.name): value for port, value in zip(ports, outputs, strict=False)}
            if outputs[0] is not None:
                self.made[passes + node_id] = outputs[0]
                outputs[0].node.meta.setdefault("node", passes + node_id)
        if build:
            self._tie(drawing, home, wanted, built)
        return results

    def _layer(
        self,
        node: Node,
        home: nn.Module,
        name: str,
        paths: tuple[str, str],
        full: str,
        arriving: list[Any],
        build: bool,
    ) -> Any:
        layer, here = node.layer, paths[1] + node.id
        if build:
            shapes = [kind.shape if kind is not None else None for kind in self.report.nodes[paths[0] + node.id].inputs]
            module = layer.build(*shapes)  # type: ignore[arg-type]
            if isinstance(module, nn.Module):
                home.add_module(name, module)
                self.names[here] = full
            elif isinstance(module, nn.Parameter):
                home.register_parameter(name, module)
                self.loose[here] = full
            elif isinstance(module, torch.Tensor):
                home.register_buffer(name, module, persistent=False)
                self.loose[here] = full
        else:
            owner = paths[1] + (node.shares or node.id)
            if owner in self.names and owner != here:
                self.names.setdefault(here, self.names[owner])
        what = _held(home, name)
        if isinstance(what, torch.Tensor):
            return layer.apply(fx.Proxy(self.graph.get_attr(full), self.tracer), *arriving)
        return layer.apply(None if what is None else ModuleCall(self.graph, self.tracer, full), *arriving)

    def _block(
        self,
        node: Node,
        home: nn.Module,
        name: str,
        paths: tuple[str, str],
        full: str,
        arriving: list[Any],
        build: bool,
    ) -> Any:
        block, here_path = node.layer, paths[1] + node.id
        assert isinstance(block, Block)
        entries, exits = boundary(block.graph, "entry"), boundary(block.graph, "exit")
        several = block.repeat > 1 and not block.shared
        if build:
            module: nn.Module = nn.ModuleList() if several else Part(block.name)
            home.add_module(name, module)
        self.names[here_path] = full
        here: nn.Module = home.get_submodule(name)
        for number in range(block.repeat):
            part, prefix = here, f"{full}."
            if several:
                if build:
                    assert isinstance(here, nn.ModuleList)
                    here.append(Part(block.name))
                part, prefix = here.get_submodule(str(number)), f"{full}.{number}."
            given = {entry.id: value for entry, value in zip(entries, arriving, strict=True)}
            fresh = build and (several or number == 0)
            passes = f"{here_path}#{number}/" if number else f"{here_path}/"
            found = self.level(block.graph, part, f"{paths[0]}{node.id}/", prefix, given, fresh, passes)
            leaving = [found[exit_.id] for exit_ in exits]
            arriving = [*leaving, *arriving[len(leaving) :]]
        return tuple(leaving) if len(leaving) > 1 else leaving[0]

    def _initialise(self, node: Node, module: Any) -> None:
        for parameter, initializer in node.initial:
            tensor = module if parameter == "value" else module.get_parameter(parameter)
            with torch.no_grad():
                initializer.apply(tensor)

    def _freeze(self, home: nn.Module, name: str, full: str) -> None:
        if name in home._parameters:
            home.get_parameter(name).requires_grad_(False)
        elif name in home._modules:
            home.get_submodule(name).requires_grad_(False)
            self.frozen.append(full)

    def _tie(self, drawing: Graph, home: nn.Module, wanted: Mapping[str, str], built: set[str]) -> None:
        """One parameter under two names, once both are there."""
        for node in drawing.nodes.values():
            for parameter, _, _ in node.ties:
                held = drawing.held_by(node.id, parameter)
                if held is None or node.id not in built or held[0] not in built:
                    continue
                theirs = _parameter_home(home, wanted[held[0]], held[1])
                mine = _parameter_home(home, wanted[node.id], parameter)
                setattr(*mine, getattr(*theirs))


def _held(home: nn.Module, name: str) -> Any:
    """The module, parameter or constant of this name; None where there is none."""
    return home._modules.get(name, home._parameters.get(name, home._buffers.get(name)))


def _parameter_home(home: nn.Module, name: str, parameter: str) -> tuple[nn.Module, str]:
    """The module that holds a parameter of a node, and its name there."""
    if parameter == "value":
        return home, name
    before, _, last = f"{name}.{parameter}".rpartition(".")
    return home.get_submodule(before), last


class ModuleCall:
    """Stands for a module while the forward is written down."""

    def __init__(self, graph: fx.Graph, tracer: Any, name: str) -> None:
        self._graph, self._tracer, self._name = graph, tracer, name

    def __call__(self, *arguments: Any, **keywords: Any) -> fx.Proxy:
        proxy: fx.Proxy = self._tracer.create_proxy("call_module", self._name, arguments, keywords)
        return proxy

    def __getattr__(self, name: str) -> fx.Proxy:
        return fx.Proxy(self._graph.get_attr(f"{self._name}.{name}"), self._tracer)


def _forward(network: nn.Module, graph: fx.Graph) -> Any:
    """torch.fx's code for a graph, as a function of (network, *inputs)."""
    with graph.on_generate_code(lambda before: lambda body: _quick(before(body) if before else body, graph)):
        return type(fx.GraphModule(network, graph)).forward


def _quick(body: list[str], graph: fx.Graph) -> list[str]:
    """The code with each module taken from the dictionary of the one that holds it, which is looked up once.

    `self.layer1.conv` asks two modules for an attribute that is not there, until `__getattr__` finds it among the
    modules: in a deep network that takes longer than the layers' own calls.
    """
    holders = {"": "self"}
    quick: list[str] = []
    waiting = iter([node for node in graph.nodes if node.op in ("call_module", "get_attr")])
    node = next(waiting, None)
    for line in body:
        if node is not None and (plain := _format_target("self", str(node.target))) in line:
            *above, last = str(node.target).split(".")
            for length in range(1, len(above) + 1):
                name = ".".join(above[:length])
                if name not in holders:
                    holder = holders[".".join(above[: length - 1])]
                    holders[name] = f"module_{len(holders)}_"
                    quick.append(f"{holders[name]} = {holder}._modules[{above[length - 1]!r}]\n")
            holder = holders[".".join(above)]
            found = f"{holder}._modules[{last!r}]" if node.op == "call_module" else _format_target(holder, last)
            line = line.replace(plain, found, 1)
            node = next(waiting, None)
        quick.append(line)
    return quick
