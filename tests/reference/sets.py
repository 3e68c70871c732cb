"""Sets, points, graphs and pairs: networks for which the order does not matter."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Sets and graphs"


class DeepSets(nn.Module):
    def __init__(self, features: int = 3, width: int = 128, outputs: int = 10) -> None:
        super().__init__()
        self.phi = nn.Sequential(nn.Linear(features, width), nn.ELU(), nn.Linear(width, width), nn.ELU())
        self.rho = nn.Sequential(nn.Linear(width, width), nn.ELU(), nn.Linear(width, outputs))

    def forward(self, x: Tensor) -> Tensor:
        return self.rho(self.phi(x).sum(dim=1))


class SetAttention(nn.Module):
    """Elements ask a few learned ones, and these ask the elements: cheaper than all with all."""

    def __init__(self, width: int, heads: int, inducing: int) -> None:
        super().__init__()
        self.inducing = nn.Parameter(torch.randn(1, inducing, width) * 0.1)
        self.gather = nn.MultiheadAttention(width, heads, batch_first=True)
        self.scatter = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        queries = self.inducing.repeat(x.shape[0], 1, 1)
        summary, _ = self.gather(queries, x, x, need_weights=False)
        back, _ = self.scatter(x, summary, summary, need_weights=False)
        return self.norm(x + back)


class SetTransformer(nn.Module):
    def __init__(
        self, features: int = 3, width: int = 64, heads: int = 4, inducing: int = 16, outputs: int = 10
    ) -> None:
        super().__init__()
        self.embed = nn.Linear(features, width)
        self.encoder = nn.Sequential(SetAttention(width, heads, inducing), SetAttention(width, heads, inducing))
        self.head = nn.Linear(width, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.encoder(self.embed(x)).amax(dim=1))


class TNet(nn.Module):
    """A matrix that turns the points; it begins near the one that leaves them as they are."""

    def __init__(self, k: int, widths: tuple[int, int, int]) -> None:
        super().__init__()
        self.k = k
        first, second, third = widths
        self.conv1 = nn.Conv1d(k, first, 1)
        self.conv2 = nn.Conv1d(first, second, 1)
        self.bn1 = nn.BatchNorm1d(first)
        self.bn2 = nn.BatchNorm1d(second)
        self.fc1 = nn.Linear(second, third)
        self.fc2 = nn.Linear(third, k * k)
        self.register_buffer("identity", torch.eye(k), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.bn2(self.conv2(x)))
        x = torch.max(x, 2)[0]
        x = self.fc2(F.relu(self.fc1(x)))
        return x.view(-1, self.k, self.k) + self.identity


class PointNet(nn.Module):
    def __init__(self, classes: int = 40, width: int = 64) -> None:
        super().__init__()
        self.input_transform = TNet(3, (width, 2 * width, 2 * width))
        self.feature_transform = TNet(width, (width, 2 * width, 2 * width))
        self.conv1 = nn.Conv1d(3, width, 1)
        self.conv2 = nn.Conv1d(width, 2 * width, 1)
        self.conv3 = nn.Conv1d(2 * width, 8 * width, 1)
        self.bn1 = nn.BatchNorm1d(width)
        self.bn2 = nn.BatchNorm1d(2 * width)
        self.bn3 = nn.BatchNorm1d(8 * width)
        self.fc1 = nn.Linear(8 * width, 4 * width)
        self.fc2 = nn.Linear(4 * width, classes)
        self.dropout = nn.Dropout(p=0.3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        turned = self.input_transform(x)
        x = torch.bmm(x.transpose(2, 1), turned).transpose(2, 1)
        x = F.relu(self.bn1(self.conv1(x)))
        feature_turned = self.feature_transform(x)
        x = torch.bmm(x.transpose(2, 1), feature_turned).transpose(2, 1)
        x = F.relu(self.bn2(self.conv2(x)))
        x = self.bn3(self.conv3(x))
        x = x.max(dim=2).values
        x = F.relu(self.dropout(self.fc1(x)))
        return F.log_softmax(self.fc2(x), dim=1), feature_turned


class GraphConvolution(nn.Module):
    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(features, width))
        self.bias = nn.Parameter(torch.zeros(width))
        nn.init.xavier_uniform_(self.weight)

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        support = torch.matmul(x, self.weight)
        return torch.matmul(adj, support) + self.bias


class GCN(nn.Module):
    """A batch of graphs of one size: the features of the nodes, and who is whose neighbour, already normalised."""

    def __init__(self, features: int = 1433, hidden: int = 16, classes: int = 7) -> None:
        super().__init__()
        self.gc1 = GraphConvolution(features, hidden)
        self.gc2 = GraphConvolution(hidden, classes)
        self.dropout = 0.5

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        x = F.relu(self.gc1(x, adj))
        x = F.dropout(x, self.dropout, training=self.training)
        x = self.gc2(x, adj)
        return F.log_softmax(x, dim=-1)


class GraphAttentionHead(nn.Module):
    def __init__(self, features: int, width: int) -> None:
        super().__init__()
        self.W = nn.Linear(features, width, bias=False)
        self.a1 = nn.Linear(width, 1, bias=False)
        self.a2 = nn.Linear(width, 1, bias=False)

    def forward(self, h: Tensor, adj: Tensor) -> Tensor:
        Wh = self.W(h)
        e = F.leaky_relu(self.a1(Wh) + self.a2(Wh).transpose(1, 2), 0.2)
        attention = torch.where(adj > 0, e, torch.full_like(e, -9e15))
        attention = F.softmax(attention, dim=-1)
        return torch.matmul(attention, Wh)


class GAT(nn.Module):
    def __init__(self, features: int = 1433, hidden: int = 8, classes: int = 7, heads: int = 8) -> None:
        super().__init__()
        self.attentions = nn.ModuleList(GraphAttentionHead(features, hidden) for _ in range(heads))
        self.out_att = GraphAttentionHead(hidden * heads, classes)

    def forward(self, x: Tensor, adj: Tensor) -> Tensor:
        x = torch.cat([F.elu(attention(x, adj)) for attention in self.attentions], dim=-1)
        return self.out_att(x, adj)


class SiameseNetwork(nn.Module):
    """The same weights look at both pictures; how far apart what they saw is says whether both show the same."""

    def __init__(self, width: int = 64, features: int = 4096, side: int = 105) -> None:
        super().__init__()
        self.cnn = nn.Sequential(
            nn.Conv2d(1, width, 10),
            nn.ReLU(inplace=True),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 7),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 2 * width, 4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(2 * width, 4 * width, 4),
            nn.ReLU(),
        )
        left = (((side - 9) // 2 - 6) // 2 - 3) // 2 - 3
        self.liner = nn.Sequential(nn.Linear(4 * width * left * left, features), nn.Sigmoid())
        self.out = nn.Linear(features, 1)
        he_initialised(self)

    def forward_one(self, x: Tensor) -> Tensor:
        x = self.cnn(x)
        x = x.view(x.size()[0], -1)
        return self.liner(x)

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        distance = torch.abs(self.forward_one(x1) - self.forward_one(x2))
        return self.out(distance)


class TripletNetwork(nn.Module):
    """Gives the distances of an anchor to one of its own kind and to one of another."""

    def __init__(self, features: int = 128, hidden: int = 256, width: int = 32) -> None:
        super().__init__()
        self.embed = nn.Sequential(nn.Linear(features, hidden), nn.PReLU(), nn.Linear(hidden, width))

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> tuple[Tensor, Tensor]:
        anchor = F.normalize(self.embed(anchor), dim=1)
        positive = F.normalize(self.embed(positive), dim=1)
        negative = F.normalize(self.embed(negative), dim=1)
        return F.pairwise_distance(anchor, positive), F.pairwise_distance(anchor, negative)


GRAPH = (Example((2708, 1433)), Example((2708, 2708)))
SMALL_GRAPH = (Example((7, 5)), Example((7, 7)))

REFERENCES = (
    Reference(
        name="deep_sets",
        title="Deep sets",
        family=FAMILY,
        make=DeepSets,
        small=lambda: DeepSets(width=12, outputs=4),
        inputs=(Example((100, 3)),),
        small_inputs=(Example((6, 3)),),
        parameters=4 * 128 + 2 * 129 * 128 + 129 * 10,
        source="Zaheer, Kottur, Ravanbakhsh, Póczos, Salakhutdinov, Smola: Deep sets, 2017",
        sentence="Looks at each element of a set by itself and adds up what it saw, so that the order does not matter.",
    ),
    Reference(
        name="set_transformer",
        title="Set transformer",
        family=FAMILY,
        make=SetTransformer,
        small=lambda: SetTransformer(width=12, heads=2, inducing=3, outputs=4),
        inputs=(Example((100, 3)),),
        small_inputs=(Example((6, 3)),),
        parameters=4 * 64 + 2 * (16 * 64 + 2 * (4 * 64 * 64 + 4 * 64) + 128) + 650,
        source="Lee, Lee, Kim, Kosiorek, Choi, Teh: Set transformer, 2018",
        sentence="The elements of a set look at each other by way of a few learned ones.",
    ),
    Reference(
        name="pointnet",
        title="PointNet",
        family=FAMILY,
        make=PointNet,
        small=lambda: PointNet(classes=5, width=6),
        inputs=(Example((3, 1024)),),
        small_inputs=(Example((3, 10)),),
        parameters=802_033,
        source="Qi, Su, Mo, Guibas: PointNet: Deep learning on point sets for 3D classification, 2016",
        sentence="Turns a cloud of points until it stands well, and keeps the largest value of each feature.",
    ),
    Reference(
        name="gcn",
        title="Graph convolutional network",
        family=FAMILY,
        make=GCN,
        small=lambda: GCN(features=5, hidden=6, classes=3),
        inputs=GRAPH,
        small_inputs=SMALL_GRAPH,
        parameters=23_063,
        published=23_063,
        source="Kipf, Welling: Semi-supervised classification with graph convolutional networks, 2016",
        sentence="Every node takes the average of its neighbours, twice, and knows its subject from that.",
    ),
    Reference(
        name="gat",
        title="Graph attention network",
        family=FAMILY,
        make=GAT,
        small=lambda: GAT(features=5, hidden=4, classes=3, heads=2),
        inputs=GRAPH,
        small_inputs=SMALL_GRAPH,
        parameters=8 * (1433 * 8 + 16) + 64 * 7 + 14,
        source="Veličković, Cucurull, Casanova, Romero, Liò, Bengio: Graph attention networks, 2017",
        sentence="Every node weighs its neighbours before it listens to them, eight times over.",
    ),
    Reference(
        name="siamese",
        title="Siamese network",
        family=FAMILY,
        make=SiameseNetwork,
        small=lambda: SiameseNetwork(width=4, features=12, side=69),
        inputs=(Example((1, 105, 105)), Example((1, 105, 105))),
        small_inputs=(Example((1, 69, 69)), Example((1, 69, 69))),
        parameters=38_951_745,
        published=38_951_745,
        source="Koch, Zemel, Salakhutdinov: Siamese neural networks for one-shot image recognition, 2015",
        sentence="Two pictures go through the same weights, and their distance says whether they show the same.",
    ),
    Reference(
        name="triplet",
        title="Triplet network",
        family=FAMILY,
        make=TripletNetwork,
        small=lambda: TripletNetwork(features=8, hidden=10, width=4),
        inputs=(Example((128,)), Example((128,)), Example((128,))),
        small_inputs=(Example((8,)), Example((8,)), Example((8,))),
        parameters=129 * 256 + 1 + 257 * 32,
        source="Hoffer, Ailon: Deep metric learning using triplet network, 2014; Schroff et al.: FaceNet, 2015",
        sentence="Learns a space in which things of one kind are near and others are far.",
    ),
)
