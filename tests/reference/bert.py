"""BERT: an encoder that reads in both directions."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from reference.entry import Reference, tokens


class BertEmbeddings(nn.Module):
    def __init__(self, words: int, length: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(words, hidden, padding_idx=0)
        self.position_embeddings = nn.Embedding(length, hidden)
        self.token_type_embeddings = nn.Embedding(2, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)
        self.dropout = nn.Dropout(dropout)
        self.register_buffer("position_ids", torch.arange(length).expand((1, -1)), persistent=False)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor) -> Tensor:
        position_ids = self.position_ids[:, : input_ids.size(1)]
        embeddings = self.word_embeddings(input_ids) + self.token_type_embeddings(token_type_ids)
        embeddings += self.position_embeddings(position_ids)
        return self.dropout(self.LayerNorm(embeddings))


class BertSelfAttention(nn.Module):
    def __init__(self, hidden: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.head_size = hidden // heads
        self.query = nn.Linear(hidden, hidden)
        self.key = nn.Linear(hidden, hidden)
        self.value = nn.Linear(hidden, hidden)
        self.dropout = nn.Dropout(dropout)

    def split_heads(self, x: Tensor) -> Tensor:
        x = x.view(*x.size()[:-1], self.heads, self.head_size)
        return x.permute(0, 2, 1, 3)

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> Tensor:
        query = self.split_heads(self.query(hidden_states))
        key = self.split_heads(self.key(hidden_states))
        value = self.split_heads(self.value(hidden_states))
        scores = torch.matmul(query, key.transpose(-1, -2)) / math.sqrt(self.head_size)
        scores = scores + attention_mask
        probabilities = self.dropout(nn.functional.softmax(scores, dim=-1))
        context = torch.matmul(probabilities, value)
        context = context.permute(0, 2, 1, 3).contiguous()
        return context.view(*context.size()[:-2], self.heads * self.head_size)


class BertOutput(nn.Module):
    """A dense layer whose result is added to what was there before, and normalised."""

    def __init__(self, inner: int, hidden: int, dropout: float) -> None:
        super().__init__()
        self.dense = nn.Linear(inner, hidden)
        self.LayerNorm = nn.LayerNorm(hidden, eps=1e-12)
        self.dropout = nn.Dropout(dropout)

    def forward(self, hidden_states: Tensor, before: Tensor) -> Tensor:
        hidden_states = self.dropout(self.dense(hidden_states))
        return self.LayerNorm(hidden_states + before)


class BertLayer(nn.Module):
    def __init__(self, hidden: int, heads: int, intermediate: int, dropout: float) -> None:
        super().__init__()
        self.attention = BertSelfAttention(hidden, heads, dropout)
        self.attention_output = BertOutput(hidden, hidden, dropout)
        self.intermediate = nn.Sequential(nn.Linear(hidden, intermediate), nn.GELU())
        self.output = BertOutput(intermediate, hidden, dropout)

    def forward(self, hidden_states: Tensor, attention_mask: Tensor) -> Tensor:
        attended = self.attention(hidden_states, attention_mask)
        attended = self.attention_output(attended, hidden_states)
        return self.output(self.intermediate(attended), attended)


class BertPooler(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.dense = nn.Linear(hidden, hidden)
        self.activation = nn.Tanh()

    def forward(self, hidden_states: Tensor) -> Tensor:
        first = hidden_states[:, 0]
        return self.activation(self.dense(first))


class Bert(nn.Module):
    """`attention_mask` is 1 where there is a word and 0 where the sentence is filled up."""

    def __init__(
        self,
        words: int = 30522,
        length: int = 512,
        hidden: int = 768,
        layers: int = 12,
        heads: int = 12,
        intermediate: int = 3072,
        dropout: float = 0.1,
    ) -> None:
        super().__init__()
        self.embeddings = BertEmbeddings(words, length, hidden, dropout)
        self.encoder = nn.ModuleList([BertLayer(hidden, heads, intermediate, dropout) for _ in range(layers)])
        self.pooler = BertPooler(hidden)
        for layer in self.modules():
            if isinstance(layer, nn.Linear | nn.Embedding):
                nn.init.normal_(layer.weight, std=0.02)

    def forward(self, input_ids: Tensor, token_type_ids: Tensor, attention_mask: Tensor) -> tuple[Tensor, Tensor]:
        extended_mask = attention_mask[:, None, None, :].float()
        extended_mask = (1.0 - extended_mask) * -10000.0
        hidden_states = self.embeddings(input_ids, token_type_ids)
        for layer in self.encoder:
            hidden_states = layer(hidden_states, extended_mask)
        return hidden_states, self.pooler(hidden_states)


REFERENCES = (
    Reference(
        name="bert_base",
        title="BERT-base",
        family="Language",
        make=Bert,
        small=lambda: Bert(words=50, length=16, hidden=32, layers=2, heads=4, intermediate=64),
        inputs=(tokens(512, 30522), tokens(512, 2), tokens(512, 2)),
        small_inputs=(tokens(12, 50), tokens(12, 2), tokens(12, 2)),
        parameters=109_482_240,
        published=109_482_240,
        source="Devlin, Chang, Lee, Toutanova: BERT: Pre-training of deep bidirectional transformers, 2018",
        sentence="Reads two sentences at once and in both directions, and has a vector for each word and one for all.",
    ),
)
