"""Transformers with an encoder and a decoder: one text in, another one out."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Reference, tokens
from reference.language import PositionalEncoding

FAMILY = "Language"


class TranslationTransformer(nn.Module):
    """Both languages and the last layer use one table of words."""

    def __init__(
        self,
        words: int = 37000,
        d_model: int = 512,
        nhead: int = 8,
        layers: int = 6,
        dim_feedforward: int = 2048,
        target_length: int = 128,
    ) -> None:
        super().__init__()
        self.d_model = d_model
        self.embedding = nn.Embedding(words, d_model)
        self.positional_encoding = PositionalEncoding(d_model)
        self.transformer = nn.Transformer(d_model, nhead, layers, layers, dim_feedforward, batch_first=True)
        self.generator = nn.Linear(d_model, words, bias=False)
        self.generator.weight = self.embedding.weight
        nn.init.normal_(self.embedding.weight, std=d_model**-0.5)
        causal = nn.Transformer.generate_square_subsequent_mask(target_length)
        self.register_buffer("tgt_mask", causal, persistent=False)

    def forward(self, src: Tensor, tgt: Tensor) -> Tensor:
        src = self.positional_encoding(self.embedding(src) * math.sqrt(self.d_model))
        tgt = self.positional_encoding(self.embedding(tgt) * math.sqrt(self.d_model))
        out = self.transformer(src, tgt, tgt_mask=self.tgt_mask)
        return self.generator(out)


class T5LayerNorm(nn.Module):
    """Neither mean nor bias: only the size of the vector is made the same."""

    def __init__(self, width: int, eps: float = 1e-6) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(width))
        self.variance_epsilon = eps

    def forward(self, hidden_states: Tensor) -> Tensor:
        variance = hidden_states.pow(2).mean(-1, keepdim=True)
        hidden_states = hidden_states * torch.rsqrt(variance + self.variance_epsilon)
        return self.weight * hidden_states


def distance_buckets(length: int, both_ways: bool, buckets: int = 32, farthest: int = 128) -> Tensor:
    """For each pair of places the row of the table of biases: near distances singly, far ones in ever larger lots."""
    places = torch.arange(length)
    distance = places[None, :] - places[:, None]
    result = torch.zeros_like(distance)
    if both_ways:
        buckets //= 2
        result += (distance > 0).long() * buckets
        distance = distance.abs()
    else:
        distance = -distance.clamp(max=0)
    near = buckets // 2
    scale = (buckets - near) / math.log(farthest / near)
    far = near + (torch.log(distance.clamp(min=1).float() / near) * scale).long()
    far = far.clamp(max=buckets - 1)
    return result + torch.where(distance < near, distance, far)


class RelativeBias(nn.Module):
    """What each head adds to its scores for the distance of two words."""

    def __init__(self, length: int, heads: int, both_ways: bool) -> None:
        super().__init__()
        self.relative_attention_bias = nn.Embedding(32, heads)
        self.register_buffer("buckets", distance_buckets(length, both_ways), persistent=False)
        causal = torch.triu(torch.full((length, length), -1e9), diagonal=1)
        self.register_buffer("mask", None if both_ways else causal, persistent=False)

    def forward(self) -> Tensor:
        values = self.relative_attention_bias(self.buckets).permute(2, 0, 1).unsqueeze(0)
        return values if self.mask is None else values + self.mask


class T5Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.q = nn.Linear(width, width, bias=False)
        self.k = nn.Linear(width, width, bias=False)
        self.v = nn.Linear(width, width, bias=False)
        self.o = nn.Linear(width, width, bias=False)

    def shape(self, x: Tensor) -> Tensor:
        return x.view(x.shape[0], x.shape[1], self.heads, -1).transpose(1, 2)

    def forward(self, x: Tensor, source: Tensor, bias: Tensor | None = None) -> Tensor:
        q, k, v = self.shape(self.q(x)), self.shape(self.k(source)), self.shape(self.v(source))
        scores = torch.einsum("bhqd,bhkd->bhqk", q, k)
        if bias is not None:
            scores = scores + bias
        weights = F.softmax(scores, dim=-1)
        out = torch.einsum("bhqk,bhkd->bhqd", weights, v)
        return self.o(out.transpose(1, 2).flatten(2))


class T5FeedForward(nn.Module):
    def __init__(self, width: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.wi = nn.Linear(width, hidden, bias=False)
        self.wo = nn.Linear(hidden, width, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        return self.wo(self.dropout(F.relu(self.wi(x))))


class T5Block(nn.Module):
    def __init__(self, width: int, heads: int, hidden: int, decoder: bool, dropout: float) -> None:
        super().__init__()
        self.norm1 = T5LayerNorm(width)
        self.self_attention = T5Attention(width, heads)
        if decoder:
            self.norm2 = T5LayerNorm(width)
            self.cross_attention = T5Attention(width, heads)
        self.norm3 = T5LayerNorm(width)
        self.feed_forward = T5FeedForward(width, hidden, dropout)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, bias: Tensor, memory: Tensor | None = None) -> Tensor:
        normed = self.norm1(x)
        x = x + self.dropout(self.self_attention(normed, normed, bias))
        if memory is not None:
            x = x + self.dropout(self.cross_attention(self.norm2(x), memory))
        return x + self.dropout(self.feed_forward(self.norm3(x)))


class T5Stack(nn.Module):
    def __init__(
        self, layers: int, width: int, heads: int, hidden: int, length: int, decoder: bool, dropout: float
    ) -> None:
        super().__init__()
        self.bias = RelativeBias(length, heads, both_ways=not decoder)
        self.block = nn.ModuleList(T5Block(width, heads, hidden, decoder, dropout) for _ in range(layers))
        self.final_layer_norm = T5LayerNorm(width)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor, memory: Tensor | None = None) -> Tensor:
        bias = self.bias()
        x = self.dropout(x)
        for block in self.block:
            x = block(x, bias, memory)
        return self.dropout(self.final_layer_norm(x))


class T5(nn.Module):
    def __init__(
        self,
        words: int = 32128,
        width: int = 512,
        layers: int = 6,
        heads: int = 8,
        hidden: int = 2048,
        lengths: tuple[int, int] = (128, 128),
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.width = width
        self.shared = nn.Embedding(words, width)
        self.encoder = T5Stack(layers, width, heads, hidden, lengths[0], decoder=False, dropout=dropout)
        self.decoder = T5Stack(layers, width, heads, hidden, lengths[1], decoder=True, dropout=dropout)
        self.lm_head = nn.Linear(width, words, bias=False)
        self.lm_head.weight = self.shared.weight
        for module in self.modules():
            if isinstance(module, T5Attention):
                # Queries and keys are not scaled in the forward pass, so they begin small.
                nn.init.normal_(module.q.weight, std=(width * width // heads) ** -0.5)

    def forward(self, input_ids: Tensor, decoder_input_ids: Tensor) -> Tensor:
        memory = self.encoder(self.shared(input_ids))
        out = self.decoder(self.shared(decoder_input_ids), memory)
        return self.lm_head(out * (self.width**-0.5))


REFERENCES = (
    Reference(
        name="transformer_base",
        title="Transformer for translation",
        family=FAMILY,
        make=TranslationTransformer,
        small=lambda: TranslationTransformer(
            words=40, d_model=16, nhead=2, layers=2, dim_feedforward=32, target_length=8
        ),
        inputs=(tokens(128, 37000), tokens(128, 37000)),
        small_inputs=(tokens(10, 40), tokens(8, 40)),
        parameters=44_140_544 + 37000 * 512,
        source="Vaswani, Shazeer, Parmar, Uszkoreit, Jones, Gomez, Kaiser, Polosukhin: Attention is all you need, 2017",
        sentence="One half reads a sentence, the other writes it in a second language and looks back at the first.",
    ),
    Reference(
        name="t5_small",
        title="T5 small",
        family=FAMILY,
        make=T5,
        small=lambda: T5(words=40, width=16, layers=2, heads=2, hidden=32, lengths=(10, 8)),
        inputs=(tokens(128, 32128), tokens(128, 32128)),
        small_inputs=(tokens(10, 40), tokens(8, 40)),
        parameters=60_506_624,
        published=60_506_624,
        source="Raffel et al.: Exploring the limits of transfer learning with a unified text-to-text transformer, 2019",
        sentence="Every task is one text for another; what words mean to each other depends on their distance.",
    ),
)
