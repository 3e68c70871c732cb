"""The functions that a recurrent module calls, where the module itself was not kept: in an exported program."""

from __future__ import annotations

from typing import Any

from nnstudio.engine.importing.functions.table import entry, layer, settled
from nnstudio.engine.importing.functions.weighted import module_step
from nnstudio.engine.importing.merge import Held, InTraining, Tensor
from nnstudio.engine.importing.record import Weight
from nnstudio.engine.importing.translate import Refused, Translation

_GATES = {"LSTM": 4, "GRU": 3, "RNN": 1}


def _recurrent(kind: str, **fixed: Any) -> Any:
    def made(
        work: Translation,
        input: Any,
        hx: Any,
        params: Any,
        has_biases: bool,
        num_layers: int,
        dropout: float,
        train: Any,
        bidirectional: bool,
        batch_first: bool,
    ) -> Any:
        if not isinstance(params, tuple) or not all(isinstance(one, Weight) for one in params):
            raise Refused(f"{work.event.whole} gets weights that are computed; there is no layer for that")
        names = {one.name.rpartition(".")[2]: one for one in params}
        rows, hidden = names["weight_hh_l0"].tensor.shape if "weight_hh_l0" in names else (0, 0)
        settings = dict(fixed)
        if any(name.startswith("weight_hr") for name in names):
            settings["proj_size"], hidden = hidden, rows // _GATES[kind]
        found = layer(
            kind,
            hidden_size=hidden,
            num_layers=num_layers,
            bias=has_biases,
            dropout=dropout if isinstance(train, InTraining) or settled(train) else 0.0,
            bidirectional=bidirectional,
            batch_first=batch_first,
            **settings,
        )
        states = hx if isinstance(hx, tuple) else (hx,)
        if all(isinstance(state, Held) and not state.tensor.any() for state in states):
            states = tuple(None for _ in states)
        elif not all(isinstance(state, (Tensor, Held, Weight)) for state in states):
            raise Refused("its state is no tensor")
        return module_step(work, found, (input, *states), names)

    return made


entry("lstm")(_recurrent("LSTM"))
entry("gru")(_recurrent("GRU"))
entry("rnn_tanh")(_recurrent("RNN", nonlinearity="tanh"))
entry("rnn_relu")(_recurrent("RNN", nonlinearity="relu"))


def _cell(kind: str, **fixed: Any) -> Any:
    def made(work: Translation, input: Any, hx: Any, w_ih: Any, w_hh: Any, b_ih: Any = None, b_hh: Any = None) -> Any:
        if not isinstance(w_hh, Weight):
            raise Refused(f"{work.event.whole} gets weights that are computed; there is no layer for that")
        found = layer(kind, hidden_size=w_hh.tensor.shape[1], bias=b_ih is not None, **fixed)
        weights = {"weight_ih": w_ih, "weight_hh": w_hh, "bias_ih": b_ih, "bias_hh": b_hh}
        return module_step(work, found, (input, *(hx if isinstance(hx, tuple) else (hx,))), weights)

    return made


entry("lstm_cell")(_cell("LSTMCell"))
entry("gru_cell")(_cell("GRUCell"))
entry("rnn_tanh_cell")(_cell("RNNCell", nonlinearity="tanh"))
entry("rnn_relu_cell")(_cell("RNNCell", nonlinearity="relu"))


@entry("_pack_padded_sequence", "_pad_packed_sequence")
def _packed(work: Translation, *_: Any, **__: Any) -> Any:
    raise Refused("it packs sequences, for which there is no layer: give the layer all steps, with a mask behind it")


@entry("_weight_norm", "_weight_norm_interface")
def _weight_norm(work: Translation, *_: Any, **__: Any) -> Any:
    raise Refused("it computes a weight anew each time: take that away before (torch.nn.utils.parametrize)")
