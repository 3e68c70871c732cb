"""Networks that act, and networks that stand for a function."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference
from reference.initial import he_initialised

FAMILY = "Control and functions"


class AtariFeatures(nn.Sequential):
    def __init__(self, width: int) -> None:
        super().__init__(
            nn.Conv2d(4, width, kernel_size=8, stride=4),
            nn.ReLU(),
            nn.Conv2d(width, 2 * width, kernel_size=4, stride=2),
            nn.ReLU(),
            nn.Conv2d(2 * width, 2 * width, kernel_size=3, stride=1),
            nn.ReLU(),
            nn.Flatten(),
        )


class DQN(nn.Module):
    """Four pictures of the screen, as bytes from 0 to 255."""

    def __init__(self, actions: int = 4, width: int = 32, hidden: int = 512, side: int = 84) -> None:
        super().__init__()
        left = ((side - 8) // 4 + 1 - 4) // 2 + 1 - 2
        self.network = nn.Sequential(
            *AtariFeatures(width), nn.Linear(2 * width * left * left, hidden), nn.ReLU(), nn.Linear(hidden, actions)
        )
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(x / 255.0)


class DuelingDQN(nn.Module):
    def __init__(self, actions: int = 4, width: int = 32, hidden: int = 512, side: int = 84) -> None:
        super().__init__()
        left = ((side - 8) // 4 + 1 - 4) // 2 + 1 - 2
        self.features = AtariFeatures(width)
        self.advantage = nn.Sequential(
            nn.Linear(2 * width * left * left, hidden), nn.ReLU(), nn.Linear(hidden, actions)
        )
        self.value = nn.Sequential(nn.Linear(2 * width * left * left, hidden), nn.ReLU(), nn.Linear(hidden, 1))
        he_initialised(self)

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        advantage = self.advantage(x)
        value = self.value(x)
        return value + advantage - advantage.mean(dim=1, keepdim=True)


class ActorCritic(nn.Module):
    """Of a continuous action the mean and the spread, and what the state is worth."""

    def __init__(self, states: int = 17, actions: int = 6, hidden: int = 64) -> None:
        super().__init__()
        self.critic = nn.Sequential(
            nn.Linear(states, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, 1)
        )
        self.actor_mean = nn.Sequential(
            nn.Linear(states, hidden), nn.Tanh(), nn.Linear(hidden, hidden), nn.Tanh(), nn.Linear(hidden, actions)
        )
        self.actor_logstd = nn.Parameter(torch.zeros(1, actions))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        action_mean = self.actor_mean(x)
        action_std = torch.exp(self.actor_logstd.expand_as(action_mean))
        return action_mean, action_std, self.critic(x)


class TowerBlock(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(width, width, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, padding=1)
        self.bn2 = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        out = F.relu(self.bn1(self.conv1(x)))
        out = self.bn2(self.conv2(out))
        return F.relu(out + x)


class AlphaZeroNetwork(nn.Module):
    """A tower of residual blocks; one head says where to go, the other who will win."""

    def __init__(self, side: int = 9, planes: int = 17, width: int = 64, blocks: int = 5, hidden: int = 64) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(planes, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU())
        self.tower = nn.Sequential(*[TowerBlock(width) for _ in range(blocks)])
        self.policy_conv = nn.Sequential(nn.Conv2d(width, 2, 1), nn.BatchNorm2d(2), nn.ReLU())
        self.policy_fc = nn.Linear(2 * side * side, side * side + 1)
        self.value_conv = nn.Sequential(nn.Conv2d(width, 1, 1), nn.BatchNorm2d(1), nn.ReLU())
        self.value_fc1 = nn.Linear(side * side, hidden)
        self.value_fc2 = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = self.tower(self.stem(x))
        policy = self.policy_fc(torch.flatten(self.policy_conv(x), 1))
        value = F.relu(self.value_fc1(torch.flatten(self.value_conv(x), 1)))
        return F.log_softmax(policy, dim=1), torch.tanh(self.value_fc2(value))


class SineLayer(nn.Module):
    def __init__(self, features: int, width: int, first: bool = False, omega: float = 30.0) -> None:
        super().__init__()
        self.omega_0 = omega
        self.linear = nn.Linear(features, width)
        bound = 1 / features if first else math.sqrt(6 / features) / omega
        nn.init.uniform_(self.linear.weight, -bound, bound)

    def forward(self, x: Tensor) -> Tensor:
        return torch.sin(self.omega_0 * self.linear(x))


class Siren(nn.Module):
    def __init__(self, width: int = 256, layers: int = 3) -> None:
        super().__init__()
        self.net = nn.Sequential(
            SineLayer(2, width, first=True), *(SineLayer(width, width) for _ in range(layers)), nn.Linear(width, 3)
        )

    def forward(self, coords: Tensor) -> Tensor:
        return self.net(coords)


class NeRF(nn.Module):
    """Places and directions are written as sines and cosines of growing frequency before they go in."""

    def __init__(
        self, width: int = 256, depth: int = 8, skip: int = 4, frequencies: int = 10, view_frequencies: int = 4
    ) -> None:
        super().__init__()
        self.skip = skip
        self.register_buffer("freqs", 2.0 ** torch.arange(frequencies), persistent=False)
        self.register_buffer("view_freqs", 2.0 ** torch.arange(view_frequencies), persistent=False)
        place, view = 3 + 6 * frequencies, 3 + 6 * view_frequencies
        self.pts_linears = nn.ModuleList(
            [nn.Linear(place, width)]
            + [nn.Linear(width + place if number == skip else width, width) for number in range(depth - 1)]
        )
        self.alpha_linear = nn.Linear(width, 1)
        self.feature_linear = nn.Linear(width, width)
        self.views_linear = nn.Linear(width + view, width // 2)
        self.rgb_linear = nn.Linear(width // 2, 3)

    @staticmethod
    def embed(x: Tensor, freqs: Tensor) -> Tensor:
        angles = (x[..., None, :] * freqs[:, None]).flatten(-2)
        return torch.cat([x, angles.sin(), angles.cos()], dim=-1)

    def forward(self, pts: Tensor, views: Tensor) -> Tensor:
        input_pts = self.embed(pts, self.freqs)
        h = input_pts
        for number, layer in enumerate(self.pts_linears):
            h = F.relu(layer(h))
            if number == self.skip:
                h = torch.cat([input_pts, h], -1)
        alpha = self.alpha_linear(h)
        h = torch.cat([self.feature_linear(h), self.embed(views, self.view_freqs)], -1)
        h = F.relu(self.views_linear(h))
        return torch.cat([torch.sigmoid(self.rgb_linear(h)), F.softplus(alpha)], -1)


class NeuralODE(nn.Module):
    """A flow followed in equal steps of Runge and Kutta, each with the same weights."""

    def __init__(self, features: int = 2, hidden: int = 50, steps: int = 8) -> None:
        super().__init__()
        self.steps = steps
        self.func = nn.Sequential(nn.Linear(features, hidden), nn.Tanh(), nn.Linear(hidden, features))

    def forward(self, y: Tensor) -> Tensor:
        dt = 1.0 / self.steps
        for _ in range(self.steps):
            k1 = self.func(y)
            k2 = self.func(y + 0.5 * dt * k1)
            k3 = self.func(y + 0.5 * dt * k2)
            k4 = self.func(y + dt * k3)
            y = y + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
        return y


SCREEN = (Example((4, 84, 84)),)
SMALL_SCREEN = (Example((4, 44, 44)),)

REFERENCES = (
    Reference(
        name="dqn",
        title="Deep Q-network",
        family=FAMILY,
        make=DQN,
        small=lambda: DQN(actions=3, width=4, hidden=12, side=44),
        inputs=SCREEN,
        small_inputs=SMALL_SCREEN,
        parameters=1_686_180,
        published=1_686_180,
        source="Mnih et al.: Human-level control through deep reinforcement learning, 2015",
        sentence="Sees the screen of a game and says what each move of the joystick is worth.",
    ),
    Reference(
        name="dueling_dqn",
        title="Dueling Q-network",
        family=FAMILY,
        make=DuelingDQN,
        small=lambda: DuelingDQN(actions=3, width=4, hidden=12, side=44),
        inputs=SCREEN,
        small_inputs=SMALL_SCREEN,
        parameters=1_686_180 + 3137 * 512 + 513,
        source="Wang, Schaul, Hessel, van Hasselt, Lanctot, de Freitas: Dueling network architectures, 2015",
        sentence="Keeps apart what a state is worth and what each move adds to it.",
    ),
    Reference(
        name="actor_critic",
        title="Actor and critic",
        family=FAMILY,
        make=ActorCritic,
        small=lambda: ActorCritic(states=5, actions=3, hidden=8),
        inputs=(Example((17,)),),
        small_inputs=(Example((5,)),),
        parameters=2 * (18 * 64 + 65 * 64) + 65 + 65 * 6 + 6,
        source="Schulman, Wolski, Dhariwal, Radford, Klimov: Proximal policy optimization algorithms, 2017",
        sentence="One half acts and the other judges; how far the action strays is a parameter of its own.",
    ),
    Reference(
        name="alphazero",
        title="AlphaZero for a small board",
        family=FAMILY,
        make=AlphaZeroNetwork,
        small=lambda: AlphaZeroNetwork(side=5, planes=3, width=8, blocks=2, hidden=8),
        inputs=(Example((17, 9, 9)),),
        small_inputs=(Example((3, 5, 5)),),
        parameters=399_424,
        source="Silver et al.: Mastering the game of Go without human knowledge, 2017",
        sentence="Sees a board and says where to go and who will win.",
    ),
    Reference(
        name="siren",
        title="SIREN",
        family=FAMILY,
        make=Siren,
        small=lambda: Siren(width=12, layers=2),
        inputs=(Example((2,)),),
        parameters=3 * 256 + 3 * 257 * 256 + 257 * 3,
        source="Sitzmann, Martel, Bergman, Lindell, Wetzstein: Implicit neural representations, 2020",
        sentence="Is a picture: gives the colour of each place, with sines for activations.",
    ),
    Reference(
        name="nerf",
        title="NeRF",
        family=FAMILY,
        make=NeRF,
        small=lambda: NeRF(width=12, depth=4, skip=1, frequencies=3, view_frequencies=2),
        inputs=(Example((64, 3)), Example((64, 3))),
        small_inputs=(Example((4, 3)), Example((4, 3))),
        parameters=595_844,
        published=595_844,
        source="Mildenhall, Srinivasan, Tancik, Barron, Ramamoorthi, Ng: NeRF, 2020",
        sentence="Is a scene: gives colour and density of each place, seen from each direction.",
    ),
    Reference(
        name="neural_ode",
        title="Neural differential equation",
        family=FAMILY,
        make=NeuralODE,
        small=lambda: NeuralODE(hidden=6, steps=2),
        inputs=(Example((2,)),),
        parameters=3 * 50 + 51 * 2,
        source="Chen, Rubanova, Bettencourt, Duvenaud: Neural ordinary differential equations, 2018",
        sentence="Its layer says where to move, and is asked again and again along the way.",
    ),
)
