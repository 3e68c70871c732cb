"""The settings of a training as the form shows them: the names of the field, a sentence each, and their limits."""

from __future__ import annotations

from dataclasses import dataclass

from nnstudio.core.kinds import Optimizer, Schedule
from nnstudio.core.project import DEVICES, PRECISIONS, TrainingSettings
from nnstudio.core.spec import Limits, Setting

_USUAL = TrainingSettings()


@dataclass(frozen=True)
class Named(Setting):
    """A setting with words of its own. `empty` is what an empty field means, `first` where its arrows begin."""

    words: str = ""
    empty: str = ""
    first: float | None = None

    @property
    def label(self) -> str:
        return self.words


def _named(name: str, words: str, of: object, limits: Limits, empty: str = "", first: float | None = None) -> Named:
    return Named(name, of, getattr(_USUAL, name), limits, words, empty, first)


OPTIMIZER = _named(
    "optimizer", "Optimizer", Optimizer, Limits("The rule that turns gradients into a change of the weights.")
)
SCHEDULE = _named(
    "schedule", "Schedule", Schedule | None, Limits("How the learning rate changes while the network trains.")
)
EPOCHS = _named(
    "epochs", "Epochs", int, Limits("How often all training rows are seen.", 1, 10_000_000, logarithmic=True)
)
BATCH_SIZE = _named(
    "batch_size",
    "Batch size",
    int | None,
    Limits("Rows in one step. More rows: a smoother gradient and fewer steps.", 1, 10_000_000, logarithmic=True),
    "all rows",
)
ACCUMULATE = _named(
    "accumulate",
    "Accumulate",
    int,
    Limits(
        "Batches whose gradients are averaged before one update of the weights: a large batch in little memory.",
        1,
        1_000_000,
        unit="batches",
    ),
)
CLIP_NORM = _named(
    "clip_norm",
    "Clip by norm",
    float | None,
    Limits(
        "The largest norm of all gradients together. Longer ones are shortened to it and keep their direction.",
        1e-12,
        1e12,
        logarithmic=True,
    ),
    "no limit",
    1.0,
)
CLIP_VALUE = _named(
    "clip_value",
    "Clip by value",
    float | None,
    Limits("The largest magnitude of each single gradient.", 1e-12, 1e12, logarithmic=True),
    "no limit",
    1.0,
)
DECAY_BIASES = _named(
    "decay_biases",
    "Decay biases",
    bool,
    Limits("Whether weight decay also pulls biases and the scales of norms towards zero, as torch does by itself."),
)
EMA_DECAY = _named(
    "ema_decay",
    "EMA decay",
    float | None,
    Limits(
        "How slowly the moving average of the weights forgets. With it, the average is what is tested and predicts.",
        0,
        0.9999999,
    ),
    "no average",
    0.999,
)
CLASS_WEIGHTS = _named(
    "class_weights",
    "Class weights",
    bool,
    Limits("Rows of rare classes count more in the loss, in proportion to how rare they are."),
)
PATIENCE = _named(
    "patience",
    "Patience",
    int | None,
    Limits(
        "Epochs without an improvement of the watched loss after which the training stops early. The loss of the "
        "validation rows is watched, else that of the test rows, else that of the training rows.",
        1,
        10_000_000,
        unit="epochs",
    ),
    "never early",
    10,
)
MIN_DELTA = _named(
    "min_delta",
    "Minimum delta",
    float,
    Limits("By how much the watched loss must fall to count as improved.", 0, 1e12, logarithmic=True),
)
KEEP_BEST = _named(
    "keep_best", "Keep the best", bool, Limits("End with the weights of the epoch with the lowest watched loss.")
)
PRECISION = _named(
    "precision",
    "Precision",
    str,
    Limits("How exactly the network computes. Mixed precision is quicker on many GPUs.", choices=PRECISIONS),
)
COMPILE = _named(
    "compile",
    "torch.compile",
    bool,
    Limits("Let torch make kernels for this network. It takes up to some minutes before the first step."),
)
CAPTURED = _named(
    "captured",
    "Replay steps",
    bool,
    Limits("Record a step once and replay it, where that gives the same numbers: much quicker for small networks."),
)
SEED = _named(
    "seed", "Seed", int, Limits("Of the initial weights, of the order of the rows and of dropout.", 0, 2**32 - 1)
)
DEVICE = _named("device", "Device", str, Limits("Where the network is trained.", choices=DEVICES))

PRECISION_WORDS = {
    "float32": ("float32", "Full precision: what the other settings are compared with."),
    "bfloat16": ("bfloat16 (mixed)", "Products in 16 bits with the range of float32, sums and weights in 32."),
    "float16": ("float16 (mixed)", "Products in 16 bits, with a gradient scaler against numbers that are too small."),
}

LR_FACTOR = Named(
    "lr_factor",
    float,
    1.0,
    Limits("What the learning rate is multiplied by for these layers. 0 holds them still.", 0, 1e6, logarithmic=True),
    "Rate ×",
)
GROUP_DECAY = Named(
    "weight_decay",
    float | None,
    None,
    Limits("The weight decay of these layers, in place of that of the optimizer.", 0, 1e6, logarithmic=True),
    "Weight decay",
    "usual",
    0.0,
)
