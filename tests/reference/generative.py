"""Networks that make pictures: autoencoders and the two sides of an adversarial game."""

from __future__ import annotations

from itertools import pairwise

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference

FAMILY = "Generation"


class Autoencoder(nn.Module):
    def __init__(self, widths: tuple[int, ...] = (784, 128, 64, 12, 3)) -> None:
        super().__init__()
        encoder: list[nn.Module] = []
        for before, after in pairwise(widths):
            encoder += [nn.Linear(before, after), nn.ReLU(True)]
        decoder: list[nn.Module] = []
        backwards = widths[::-1]
        for before, after in pairwise(backwards):
            decoder += [nn.Linear(before, after), nn.ReLU(True)]
        self.encoder = nn.Sequential(*encoder[:-1])
        self.decoder = nn.Sequential(*decoder[:-1], nn.Tanh())

    def forward(self, x: Tensor) -> Tensor:
        return self.decoder(self.encoder(x))


class ConvAutoencoder(nn.Module):
    def __init__(self, width: int = 16) -> None:
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(1, width, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
            nn.LeakyReLU(0.2),
            nn.Conv2d(2 * width, 4 * width, 7),
        )
        self.decoder = nn.Sequential(
            nn.ConvTranspose2d(4 * width, 2 * width, 7),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(2 * width, width, 3, stride=2, padding=1, output_padding=1),
            nn.LeakyReLU(0.2),
            nn.ConvTranspose2d(width, 1, 3, stride=2, padding=1, output_padding=1),
            nn.Sigmoid(),
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.encoder(x)
        return self.decoder(x)


class VAE(nn.Module):
    """The noise comes from outside, so that the network gives the same for the same."""

    def __init__(self, pixels: int = 784, hidden: int = 400, latent: int = 20) -> None:
        super().__init__()
        self.fc1 = nn.Linear(pixels, hidden)
        self.fc21 = nn.Linear(hidden, latent)
        self.fc22 = nn.Linear(hidden, latent)
        self.fc3 = nn.Linear(latent, hidden)
        self.fc4 = nn.Linear(hidden, pixels)

    def encode(self, x: Tensor) -> tuple[Tensor, Tensor]:
        h1 = F.relu(self.fc1(x))
        return self.fc21(h1), self.fc22(h1)

    def decode(self, z: Tensor) -> Tensor:
        h3 = F.relu(self.fc3(z))
        return torch.sigmoid(self.fc4(h3))

    def forward(self, x: Tensor, eps: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        mu, logvar = self.encode(x.flatten(1))
        std = torch.exp(0.5 * logvar)
        z = mu + eps * std
        return self.decode(z), mu, logvar


def dcgan_initialised(network: nn.Module) -> None:
    for layer in network.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, 0.0, 0.02)
        elif isinstance(layer, nn.BatchNorm2d):
            nn.init.normal_(layer.weight, 1.0, 0.02)


class Generator(nn.Module):
    def __init__(self, nz: int = 100, ngf: int = 64, nc: int = 3) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.ConvTranspose2d(nz, ngf * 8, 4, 1, 0, bias=False),
            nn.BatchNorm2d(ngf * 8),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 8, ngf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 4),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 4, ngf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf * 2),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf * 2, ngf, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ngf),
            nn.ReLU(True),
            nn.ConvTranspose2d(ngf, nc, 4, 2, 1, bias=False),
            nn.Tanh(),
        )
        dcgan_initialised(self)

    def forward(self, input: Tensor) -> Tensor:
        return self.main(input)


class Discriminator(nn.Module):
    def __init__(self, nc: int = 3, ndf: int = 64) -> None:
        super().__init__()
        self.main = nn.Sequential(
            nn.Conv2d(nc, ndf, 4, 2, 1, bias=False),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf, ndf * 2, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 2),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 2, ndf * 4, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 4),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 4, ndf * 8, 4, 2, 1, bias=False),
            nn.BatchNorm2d(ndf * 8),
            nn.LeakyReLU(0.2, inplace=True),
            nn.Conv2d(ndf * 8, 1, 4, 1, 0, bias=False),
            nn.Sigmoid(),
        )
        dcgan_initialised(self)

    def forward(self, input: Tensor) -> Tensor:
        return self.main(input).view(-1, 1).squeeze(1)


class ConditionalGenerator(nn.Module):
    """Noise and the number of the class in, a picture of that class out."""

    def __init__(self, classes: int = 10, latent: int = 100, hidden: int = 128, side: int = 32) -> None:
        super().__init__()
        self.side = side
        self.label_emb = nn.Embedding(classes, classes)

        def block(before: int, after: int, normalise: bool = True) -> list[nn.Module]:
            layers: list[nn.Module] = [nn.Linear(before, after)]
            if normalise:
                layers.append(nn.BatchNorm1d(after, 0.8))
            layers.append(nn.LeakyReLU(0.2, inplace=True))
            return layers

        self.model = nn.Sequential(
            *block(latent + classes, hidden, normalise=False),
            *block(hidden, 2 * hidden),
            *block(2 * hidden, 4 * hidden),
            *block(4 * hidden, 8 * hidden),
            nn.Linear(8 * hidden, side * side),
            nn.Tanh(),
        )

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        gen_input = torch.cat((self.label_emb(labels), noise), -1)
        img = self.model(gen_input)
        return img.view(img.size(0), 1, self.side, self.side)


class Coupling(nn.Module):
    """Half of the numbers say how the other half is stretched and moved."""

    def __init__(self, features: int, hidden: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            nn.Linear(features // 2, hidden),
            nn.ReLU(),
            nn.Linear(hidden, hidden),
            nn.ReLU(),
            nn.Linear(hidden, features),
        )

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x1, x2 = x.chunk(2, dim=1)
        log_scale, shift = self.net(x1).chunk(2, dim=1)
        log_scale = torch.tanh(log_scale)
        return torch.cat([x1, x2 * log_scale.exp() + shift], dim=1), log_scale.sum(dim=1)


class RealNVP(nn.Module):
    def __init__(self, features: int = 6, hidden: int = 64, layers: int = 4) -> None:
        super().__init__()
        self.couplings = nn.ModuleList(Coupling(features, hidden) for _ in range(layers))

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        log_determinant = torch.zeros(x.shape[0], device=x.device)
        for coupling in self.couplings:
            x, more = coupling(x)
            x = x.flip(1)
            log_determinant = log_determinant + more
        return x, log_determinant


RADFORD = "Radford, Metz, Chintala: Unsupervised representation learning with deep convolutional GANs, 2015"

REFERENCES = (
    Reference(
        name="autoencoder",
        title="Autoencoder",
        family=FAMILY,
        make=Autoencoder,
        small=lambda: Autoencoder((36, 16, 8, 3)),
        inputs=(Example((784,)),),
        small_inputs=(Example((36,)),),
        parameters=2 * (784 * 128 + 128 * 64 + 64 * 12 + 12 * 3) + 2 * (128 + 64 + 12) + 3 + 784,
        source="Hinton, Salakhutdinov: Reducing the dimensionality of data with neural networks, 2006",
        sentence="Squeezes a picture through three numbers and makes it again from them.",
    ),
    Reference(
        name="conv_autoencoder",
        title="Convolutional autoencoder",
        family=FAMILY,
        make=ConvAutoencoder,
        small=lambda: ConvAutoencoder(width=4),
        inputs=(Example((1, 28, 28)),),
        parameters=160 + 4640 + 100_416 + 100_384 + 4624 + 145,
        source="Masci, Meier, Cireşan, Schmidhuber: Stacked convolutional auto-encoders, 2011",
        sentence="Convolutions make the picture small, transposed convolutions make it large again.",
    ),
    Reference(
        name="vae",
        title="Variational autoencoder",
        family=FAMILY,
        make=VAE,
        small=lambda: VAE(pixels=36, hidden=16, latent=4),
        inputs=(Example((1, 28, 28)), Example((20,))),
        small_inputs=(Example((1, 6, 6)), Example((4,))),
        parameters=785 * 400 + 2 * 401 * 20 + 21 * 400 + 401 * 784,
        published=652_824,
        source="Kingma, Welling: Auto-encoding variational Bayes, 2013",
        sentence="Gives a place and a spread in a small space, and draws from there what it makes a picture of.",
    ),
    Reference(
        name="dcgan_generator",
        title="DCGAN generator",
        family=FAMILY,
        make=Generator,
        small=lambda: Generator(nz=12, ngf=4),
        inputs=(Example((100, 1, 1)),),
        small_inputs=(Example((12, 1, 1)),),
        parameters=3_576_704,
        published=3_576_704,
        source=RADFORD,
        sentence="Makes a picture from a hundred random numbers.",
    ),
    Reference(
        name="dcgan_discriminator",
        title="DCGAN discriminator",
        family=FAMILY,
        make=Discriminator,
        small=lambda: Discriminator(ndf=4),
        inputs=(Example((3, 64, 64)),),
        parameters=2_765_568,
        published=2_765_568,
        source=RADFORD,
        sentence="Says whether a picture is real or made up.",
    ),
    Reference(
        name="conditional_gan",
        title="Conditional generator",
        family=FAMILY,
        make=ConditionalGenerator,
        small=lambda: ConditionalGenerator(classes=4, latent=8, hidden=4, side=6),
        inputs=(Example((100,)), Example((), "int64", 10)),
        small_inputs=(Example((8,)), Example((), "int64", 4)),
        parameters=1_757_412,
        source="Mirza, Osindero: Conditional generative adversarial nets, 2014",
        sentence="Makes a picture of the class that it is asked for.",
    ),
    Reference(
        name="real_nvp",
        title="RealNVP",
        family=FAMILY,
        make=RealNVP,
        small=lambda: RealNVP(features=4, hidden=8, layers=3),
        inputs=(Example((6,)),),
        small_inputs=(Example((4,)),),
        parameters=4 * (4 * 64 + 65 * 64 + 65 * 6),
        source="Dinh, Sohl-Dickstein, Bengio: Density estimation using Real NVP, 2016",
        sentence="Turns data into noise by steps that can be undone, and says how much each has stretched them.",
    ),
)
