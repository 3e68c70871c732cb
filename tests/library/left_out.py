"""What torch has for training and this program has not, each with its reason."""

from __future__ import annotations

_TWO = "compares two outputs with each other, and an Output has one"
_THREE = "compares three outputs with each other, and an Output has one"
_CLOSURE = "computes the loss again and again within a step, where a training computes it once"
_JOINS = "puts other schedules together: WarmupCosine is the one that people ask for"
_FUNCTION = "its rates are a function that somebody writes: InverseSquareRoot is the one that people ask for"

LOSSES_LEFT_OUT = {
    "CosineEmbeddingLoss": _TWO,
    "MarginRankingLoss": _TWO,
    "TripletMarginLoss": _THREE,
    "TripletMarginWithDistanceLoss": _THREE,
    "CTCLoss": "needs the length of every output and of every target beside them, which no data here has",
    "MultiLabelMarginLoss": "needs a list of class numbers for each row, which no data here has; with one it is "
    "MultiMarginLoss",
    "NLLLoss2d": "an old name of NLLLoss",
    "LinearCrossEntropyLoss": "a layer and a loss in one, which needs the target as its input",
    "AdaptiveLogSoftmaxWithLoss": "a layer and a loss in one, which needs the target as its input",
}

OPTIMIZERS_LEFT_OUT = {
    "Optimizer": "what all of them are",
    "LBFGS": _CLOSURE,
    "Muon": "takes matrices alone, and refuses the biases that nearly every network has",
    "SparseAdam": "takes sparse gradients alone, which no layer here makes",
}

SCHEDULES_LEFT_OUT = {
    "LRScheduler": "what all of them are",
    "LambdaLR": _FUNCTION,
    "MultiplicativeLR": _FUNCTION,
    "SequentialLR": _JOINS,
    "ChainedScheduler": _JOINS,
}

# Arguments of torch's classes that are no settings.
_HOW = "how it is computed, which changes nothing of the result"
_DEPRECATED = "torch has replaced it by reduction"

ARGUMENTS_LEFT_OUT = {
    "loss": {
        "size_average": _DEPRECATED,
        "reduce": _DEPRECATED,
        "reduction": "the mean, as a training takes it",
        "weight": "the weights of the classes belong to the training; those of BCELoss and MultiLabelSoftMarginLoss "
        "are of rows and labels",
        "pos_weight": "the weights of the classes belong to the training",
    },
    "optimizer": {
        "params": "the network's",
        "foreach": _HOW,
        "fused": _HOW,
        "capturable": _HOW,
        "differentiable": "for a training that is itself trained",
        "Adam.decoupled_weight_decay": "then it is AdamW",
    },
    "schedule": {
        "optimizer": "the training's",
        "last_epoch": "where it stands, which a checkpoint says",
        "CosineAnnealingLR.T_max": "the epochs of the training",
        "ReduceLROnPlateau.mode": "what is watched is a loss: less is better",
        "CyclicLR.base_lr": "base_factor, as a part of the optimizer's rate",
        "CyclicLR.max_lr": "the optimizer's rate",
        "CyclicLR.scale_fn": "a function that somebody writes",
        "CyclicLR.scale_mode": "belongs to scale_fn",
        "OneCycleLR.max_lr": "the optimizer's rate",
        "OneCycleLR.total_steps": "the steps of the training",
        "OneCycleLR.epochs": "the epochs of the training",
        "OneCycleLR.steps_per_epoch": "the steps of the training",
    },
}

# Settings that stand for one argument of torch's, a pair of numbers.
PAIRS = {
    "betas": ("beta1", "beta2"),
    "Adafactor.eps": ("eps1", "eps2"),
    "etas": ("eta_minus", "eta_plus"),
    "step_sizes": ("min_step", "max_step"),
}
