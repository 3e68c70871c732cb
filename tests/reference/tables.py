"""Networks for rows of a table: numbers, categories, users and things."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference, tokens

FAMILY = "Tables"


class MLP(nn.Module):
    def __init__(self, features: int = 784, hidden: tuple[int, ...] = (512, 512), classes: int = 10) -> None:
        super().__init__()
        widths = [features, *hidden]
        self.hidden = nn.ModuleList(nn.Linear(a, b) for a, b in pairwise(widths))
        self.dropout = nn.Dropout(0.2)
        self.out = nn.Linear(widths[-1], classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.view(x.shape[0], -1)
        for layer in self.hidden:
            x = self.dropout(F.relu(layer(x)))
        return self.out(x)


class HighwayLayer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.transform = nn.Linear(width, width)
        self.gate = nn.Linear(width, width)
        nn.init.constant_(self.gate.bias, -1.0)

    def forward(self, x: Tensor) -> Tensor:
        h = F.relu(self.transform(x))
        t = torch.sigmoid(self.gate(x))
        return t * h + (1 - t) * x


class HighwayNetwork(nn.Module):
    def __init__(self, features: int = 784, width: int = 50, layers: int = 10, classes: int = 10) -> None:
        super().__init__()
        self.first = nn.Linear(features, width)
        self.layers = nn.ModuleList(HighwayLayer(width) for _ in range(layers))
        self.last = nn.Linear(width, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.first(x))
        for layer in self.layers:
            x = layer(x)
        return F.log_softmax(self.last(x), dim=1)


class TwoInTwoOut(nn.Module):
    """A picture and a row of numbers in; a class and a number out."""

    def __init__(self, side: int = 32, numbers: int = 12, width: int = 16, classes: int = 5) -> None:
        super().__init__()
        self.image_branch = nn.Sequential(
            nn.Conv2d(3, width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
            nn.Linear(2 * width * (side // 4) ** 2, 64),
        )
        self.table_branch = nn.Sequential(nn.BatchNorm1d(numbers), nn.Linear(numbers, 32), nn.ReLU())
        self.trunk = nn.Linear(96, 64)
        self.class_head = nn.Linear(64, classes)
        self.value_head = nn.Linear(64, 1)

    def forward(self, image: Tensor, table: Tensor) -> tuple[Tensor, Tensor]:
        joined = torch.cat([self.image_branch(image), self.table_branch(table)], dim=1)
        features = torch.relu(self.trunk(joined))
        return self.class_head(features), self.value_head(features)


class MixtureOfExperts(nn.Module):
    """Every expert answers; a gate says how much each counts."""

    def __init__(self, features: int = 64, hidden: int = 128, experts: int = 8, classes: int = 10) -> None:
        super().__init__()
        self.gate = nn.Linear(features, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, classes)) for _ in range(experts)
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        weights = F.softmax(self.gate(x), dim=-1)
        answers = torch.stack([expert(x) for expert in self.experts], dim=1)
        return (weights.unsqueeze(-1) * answers).sum(dim=1), weights


class NeuralCollaborativeFiltering(nn.Module):
    def __init__(
        self, users: int = 6040, items: int = 3706, factors: int = 8, layers: tuple[int, ...] = (32, 16, 8)
    ) -> None:
        super().__init__()
        self.embed_user_GMF = nn.Embedding(users, factors)
        self.embed_item_GMF = nn.Embedding(items, factors)
        self.embed_user_MLP = nn.Embedding(users, layers[0] // 2)
        self.embed_item_MLP = nn.Embedding(items, layers[0] // 2)
        steps: list[nn.Module] = []
        for before, after in pairwise(layers):
            steps += [nn.Linear(before, after), nn.ReLU()]
        self.MLP_layers = nn.Sequential(*steps)
        self.predict_layer = nn.Linear(factors + layers[-1], 1)

    def forward(self, user: Tensor, item: Tensor) -> Tensor:
        output_GMF = self.embed_user_GMF(user) * self.embed_item_GMF(item)
        interaction = torch.cat((self.embed_user_MLP(user), self.embed_item_MLP(item)), -1)
        output_MLP = self.MLP_layers(interaction)
        prediction = self.predict_layer(torch.cat((output_GMF, output_MLP), -1))
        return prediction.view(-1)


class WideAndDeep(nn.Module):
    """The wide side learns single categories by heart, the deep side what they have in common."""

    def __init__(
        self,
        sizes: tuple[int, ...] = (9, 16, 7, 15, 6, 5, 2, 42),
        numbers: int = 5,
        width: int = 8,
        hidden: tuple[int, int] = (64, 32),
    ) -> None:
        super().__init__()
        self.register_buffer("offsets", torch.tensor((0, *sizes[:-1])).cumsum(0), persistent=False)
        self.wide = nn.Embedding(sum(sizes), 1)
        self.embeddings = nn.ModuleList([nn.Embedding(size, width) for size in sizes])
        self.deep = nn.Sequential(
            nn.Linear(width * len(sizes) + numbers, hidden[0]),
            nn.BatchNorm1d(hidden[0]),
            nn.ReLU(),
            nn.Linear(hidden[0], hidden[1]),
            nn.ReLU(),
            nn.Linear(hidden[1], 1),
        )
        self.bias = nn.Parameter(torch.zeros(1))

    def forward(self, categories: Tensor, numbers: Tensor) -> Tensor:
        wide = self.wide(categories + self.offsets).sum(dim=1)
        embedded = [embedding(categories[:, column]) for column, embedding in enumerate(self.embeddings)]
        deep = self.deep(torch.cat([*embedded, numbers], dim=1))
        return torch.sigmoid(wide + deep + self.bias)


class DeepFM(nn.Module):
    """Pairs of fields meet by the square of their sum less the sum of their squares."""

    def __init__(self, words: int = 10000, fields: int = 10, width: int = 16, hidden: int = 64) -> None:
        super().__init__()
        self.linear = nn.Embedding(words, 1)
        self.embedding = nn.Embedding(words, width)
        self.bias = nn.Parameter(torch.zeros((1,)))
        self.mlp = nn.Sequential(
            nn.Linear(fields * width, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(hidden, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        embedded = self.embedding(x)
        square_of_sum = torch.sum(embedded, dim=1) ** 2
        sum_of_square = torch.sum(embedded**2, dim=1)
        pairs = 0.5 * (square_of_sum - sum_of_square).sum(dim=1, keepdim=True)
        first = self.linear(x).sum(dim=1) + self.bias
        return (first + pairs + self.mlp(embedded.flatten(1))).squeeze(1)


NUMBER_OF = Example((), "int64", 20)

REFERENCES = (
    Reference(
        name="mlp",
        title="Multilayer perceptron",
        family=FAMILY,
        make=MLP,
        small=lambda: MLP(features=16, hidden=(12, 8), classes=3),
        inputs=(Example((1, 28, 28)),),
        small_inputs=(Example((1, 4, 4)),),
        parameters=669_706,
        source="Rumelhart, Hinton, Williams: Learning representations by back-propagating errors, 1986",
        sentence="Dense layers one after the other, each with an activation: the plainest network.",
    ),
    Reference(
        name="highway",
        title="Highway network",
        family=FAMILY,
        make=HighwayNetwork,
        small=lambda: HighwayNetwork(features=12, width=8, layers=4, classes=3),
        inputs=(Example((784,)),),
        small_inputs=(Example((12,)),),
        parameters=785 * 50 + 10 * 2 * 51 * 50 + 510,
        source="Srivastava, Greff, Schmidhuber: Highway networks, 2015",
        sentence="Each layer has a gate that says how much of its input goes past it untouched.",
    ),
    Reference(
        name="two_in_two_out",
        title="Two inputs, two outputs",
        family=FAMILY,
        make=TwoInTwoOut,
        small=lambda: TwoInTwoOut(side=8, numbers=5, width=4, classes=3),
        inputs=(Example((3, 32, 32)), Example((12,))),
        small_inputs=(Example((3, 8, 8)), Example((5,))),
        parameters=28 * 16 + 145 * 32 + 2049 * 64 + 24 + 13 * 32 + 97 * 64 + 65 * 6,
        source="Caruana: Multitask learning, 1997",
        sentence="Sees a picture and a row of numbers, and tells a class and a value.",
    ),
    Reference(
        name="mixture_of_experts",
        title="Mixture of experts",
        family=FAMILY,
        make=MixtureOfExperts,
        small=lambda: MixtureOfExperts(features=6, hidden=8, experts=3, classes=4),
        inputs=(Example((64,)),),
        small_inputs=(Example((6,)),),
        parameters=65 * 8 + 8 * (65 * 128 + 129 * 10),
        source="Jacobs, Jordan, Nowlan, Hinton: Adaptive mixtures of local experts, 1991",
        sentence="Several networks answer, and one more says whom to believe.",
    ),
    Reference(
        name="neural_collaborative_filtering",
        title="Neural collaborative filtering",
        family=FAMILY,
        make=NeuralCollaborativeFiltering,
        small=lambda: NeuralCollaborativeFiltering(users=20, items=20, factors=4, layers=(8, 6, 4)),
        inputs=(Example((), "int64", 3706), Example((), "int64", 3706)),
        small_inputs=(NUMBER_OF, NUMBER_OF),
        parameters=(6040 + 3706) * (8 + 16) + 33 * 16 + 17 * 8 + 17,
        source="He, Liao, Zhang, Nie, Hu, Chua: Neural collaborative filtering, 2017",
        sentence="Says from the number of a person and of a film whether the one will like the other.",
    ),
    Reference(
        name="wide_and_deep",
        title="Wide and deep",
        family=FAMILY,
        make=WideAndDeep,
        small=lambda: WideAndDeep(sizes=(4, 3, 5), numbers=2, width=3, hidden=(8, 6)),
        inputs=(tokens(8, 2), Example((5,))),
        small_inputs=(tokens(3, 3), Example((2,))),
        parameters=102 * 9 + 70 * 64 + 128 + 65 * 32 + 33 + 1,
        source="Cheng et al.: Wide and deep learning for recommender systems, 2016",
        sentence="Remembers single categories and also learns what they have in common.",
    ),
    Reference(
        name="deepfm",
        title="DeepFM",
        family=FAMILY,
        make=DeepFM,
        small=lambda: DeepFM(words=30, fields=4, width=5, hidden=8),
        inputs=(tokens(10, 10000),),
        small_inputs=(tokens(4, 30),),
        parameters=10000 * 17 + 1 + 161 * 64 + 128 + 65,
        source="Guo, Tang, Ye, Li, He: DeepFM: A factorization-machine based neural network, 2017",
        sentence="All pairs of categories meet in a factorisation machine beside a dense network.",
    ),
)
