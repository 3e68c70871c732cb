"""Networks that read a sequence step by step."""

from __future__ import annotations

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn

from reference.entry import Example, Reference, tokens

FAMILY = "Sequences"


class LSTMClassifier(nn.Module):
    """Both directions, two layers; the last hidden states of the upper one decide."""

    def __init__(self, words: int = 25000, embedding: int = 100, hidden: int = 256, classes: int = 1) -> None:
        super().__init__()
        self.embedding = nn.Embedding(words, embedding, padding_idx=1)
        self.rnn = nn.LSTM(embedding, hidden, num_layers=2, bidirectional=True, dropout=0.5, batch_first=True)
        self.fc = nn.Linear(hidden * 2, classes)
        self.dropout = nn.Dropout(0.5)

    def forward(self, text: Tensor) -> Tensor:
        embedded = self.dropout(self.embedding(text))
        _, (hidden, _) = self.rnn(embedded)
        hidden = self.dropout(torch.cat((hidden[-2], hidden[-1]), dim=1))
        return self.fc(hidden)


class GRUClassifier(nn.Module):
    """Reads a picture row by row."""

    def __init__(self, features: int = 28, hidden: int = 128, layers: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.hidden = hidden
        self.layers = layers
        self.gru = nn.GRU(features, hidden, layers, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x: Tensor) -> Tensor:
        x = x.squeeze(1)
        h0 = torch.zeros(self.layers, x.size(0), self.hidden, device=x.device)
        out, _ = self.gru(x, h0)
        return self.fc(out[:, -1, :])


class BiLSTMTagger(nn.Module):
    def __init__(self, words: int = 23624, embedding: int = 100, hidden: int = 100, tags: int = 45) -> None:
        super().__init__()
        self.word_embeddings = nn.Embedding(words, embedding)
        self.lstm = nn.LSTM(embedding, hidden, batch_first=True, bidirectional=True)
        self.hidden2tag = nn.Linear(2 * hidden, tags)

    def forward(self, sentence: Tensor) -> Tensor:
        lstm_out, _ = self.lstm(self.word_embeddings(sentence))
        return F.log_softmax(self.hidden2tag(lstm_out), dim=-1)


class CharRNN(nn.Module):
    """Letters as vectors with a single one; gives the next letters, and the state to go on from."""

    def __init__(self, letters: int = 65, hidden: int = 512) -> None:
        super().__init__()
        self.letters = letters
        self.rnn = nn.RNN(letters, hidden, num_layers=2, nonlinearity="tanh", batch_first=True)
        self.decoder = nn.Linear(hidden, letters)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = F.one_hot(x, self.letters).float()
        out, hidden = self.rnn(x)
        return self.decoder(out), hidden.transpose(0, 1)


class HandWrittenLSTM(nn.Module):
    """A long short-term memory from dense layers, four gates at once, one step after the other."""

    def __init__(self, features: int = 8, hidden: int = 64) -> None:
        super().__init__()
        self.hidden = hidden
        self.x2h = nn.Linear(features, 4 * hidden)
        self.h2h = nn.Linear(hidden, 4 * hidden, bias=False)
        self.head = nn.Linear(hidden, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = x.new_zeros(x.shape[0], self.hidden)
        c = x.new_zeros(x.shape[0], self.hidden)
        for t in range(x.shape[1]):
            i, f, g, o = (self.x2h(x[:, t]) + self.h2h(h)).chunk(4, dim=1)
            c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
            h = torch.sigmoid(o) * torch.tanh(c)
        return self.head(h)


class LuongSeq2Seq(nn.Module):
    """In training the right words so far are given to the decoder, so that it runs over all of them at once."""

    def __init__(self, source_words: int = 10000, target_words: int = 10000, width: int = 256) -> None:
        super().__init__()
        self.source_embedding = nn.Embedding(source_words, width)
        self.target_embedding = nn.Embedding(target_words, width)
        self.encoder = nn.LSTM(width, width, num_layers=2, batch_first=True)
        self.decoder = nn.LSTM(width, width, num_layers=2, batch_first=True)
        self.score = nn.Linear(width, width, bias=False)
        self.combine = nn.Linear(2 * width, width, bias=False)
        self.out = nn.Linear(width, target_words)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        memory, state = self.encoder(self.source_embedding(source))
        decoded, _ = self.decoder(self.target_embedding(target), state)
        scores = torch.bmm(self.score(decoded), memory.transpose(1, 2))
        weights = F.softmax(scores, dim=-1)
        context = torch.bmm(weights, memory)
        combined = torch.tanh(self.combine(torch.cat([context, decoded], dim=-1)))
        return self.out(combined)


class AdditiveAttention(nn.Module):
    def __init__(self, hidden: int) -> None:
        super().__init__()
        self.Wa = nn.Linear(hidden, hidden)
        self.Ua = nn.Linear(hidden, hidden)
        self.Va = nn.Linear(hidden, 1)

    def forward(self, query: Tensor, keys: Tensor) -> Tensor:
        scores = self.Va(torch.tanh(self.Wa(query.unsqueeze(1)) + self.Ua(keys)))
        weights = F.softmax(scores.squeeze(2).unsqueeze(1), dim=-1)
        return torch.bmm(weights, keys).squeeze(1)


class BahdanauSeq2Seq(nn.Module):
    """The decoder looks at the source before each word, so it goes word by word."""

    def __init__(self, source_words: int = 10000, target_words: int = 10000, hidden: int = 256) -> None:
        super().__init__()
        self.encoder_embedding = nn.Embedding(source_words, hidden)
        self.encoder = nn.GRU(hidden, hidden, batch_first=True)
        self.decoder_embedding = nn.Embedding(target_words, hidden)
        self.attention = AdditiveAttention(hidden)
        self.cell = nn.GRUCell(2 * hidden, hidden)
        self.out = nn.Linear(hidden, target_words)

    def forward(self, source: Tensor, target: Tensor) -> Tensor:
        keys, hidden = self.encoder(self.encoder_embedding(source))
        hidden = hidden.squeeze(0)
        embedded = self.decoder_embedding(target)
        outputs = []
        for step in range(target.shape[1]):
            context = self.attention(hidden, keys)
            hidden = self.cell(torch.cat([embedded[:, step], context], dim=1), hidden)
            outputs.append(self.out(hidden))
        return torch.stack(outputs, dim=1)


def lstm_parameters(inputs: int, hidden: int) -> int:
    """Of one layer in one direction, in torch's way with two biases."""
    return 4 * hidden * (inputs + hidden + 2)


REFERENCES = (
    Reference(
        name="lstm_classifier",
        title="LSTM classifier",
        family=FAMILY,
        make=LSTMClassifier,
        small=lambda: LSTMClassifier(words=50, embedding=8, hidden=16),
        inputs=(tokens(200, 25000),),
        small_inputs=(tokens(12, 50),),
        parameters=25000 * 100 + 2 * (lstm_parameters(100, 256) + lstm_parameters(512, 256)) + 513,
        source="Hochreiter, Schmidhuber: Long short-term memory, 1997; Graves, Schmidhuber 2005 for both directions",
        sentence="Reads a review forwards and backwards and says whether it praises.",
    ),
    Reference(
        name="gru_classifier",
        title="GRU classifier",
        family=FAMILY,
        make=GRUClassifier,
        small=lambda: GRUClassifier(features=8, hidden=12),
        inputs=(Example((1, 28, 28)),),
        small_inputs=(Example((1, 8, 8)),),
        parameters=3 * 128 * (28 + 128 + 2) + 3 * 128 * (128 + 128 + 2) + 1290,
        source="Cho et al.: Learning phrase representations using RNN encoder-decoder, 2014",
        sentence="Reads the rows of a picture one after the other and names the digit after the last.",
    ),
    Reference(
        name="bilstm_tagger",
        title="Tagger of words",
        family=FAMILY,
        make=BiLSTMTagger,
        small=lambda: BiLSTMTagger(words=50, embedding=8, hidden=12, tags=6),
        inputs=(tokens(40, 23624),),
        small_inputs=(tokens(10, 50),),
        parameters=23624 * 100 + 2 * lstm_parameters(100, 100) + 201 * 45,
        source="Huang, Xu, Yu: Bidirectional LSTM-CRF models for sequence tagging, 2015, without the last layer",
        sentence="Gives every word its part of speech, knowing what comes before and after.",
    ),
    Reference(
        name="char_rnn",
        title="Letters one by one",
        family=FAMILY,
        make=CharRNN,
        small=lambda: CharRNN(letters=20, hidden=16),
        inputs=(tokens(100, 65),),
        small_inputs=(tokens(10, 20),),
        parameters=512 * (65 + 512 + 2) + 512 * (512 + 512 + 2) + 513 * 65,
        source="Elman: Finding structure in time, 1990; Sutskever, Martens, Hinton: Generating text, 2011",
        sentence="Guesses the next letter of a text from all letters before it.",
    ),
    Reference(
        name="lstm_by_hand",
        title="LSTM written by hand",
        family=FAMILY,
        make=HandWrittenLSTM,
        small=lambda: HandWrittenLSTM(features=4, hidden=8),
        inputs=(Example((12, 8)),),
        small_inputs=(Example((6, 4)),),
        parameters=9 * 256 + 64 * 256 + 65,
        source="Hochreiter, Schmidhuber: Long short-term memory, 1997, with the forget gate of Gers 1999",
        sentence="Forecasts a number from a series with gates that are spelled out, step after step.",
    ),
    Reference(
        name="seq2seq_luong",
        title="Translation with attention",
        family=FAMILY,
        make=LuongSeq2Seq,
        small=lambda: LuongSeq2Seq(source_words=30, target_words=35, width=16),
        inputs=(tokens(30, 10000), tokens(30, 10000)),
        small_inputs=(tokens(9, 30), tokens(7, 35)),
        parameters=2 * 10000 * 256 + 4 * lstm_parameters(256, 256) + 3 * 256 * 256 + 257 * 10000,
        source="Luong, Pham, Manning: Effective approaches to attention-based neural machine translation, 2015",
        sentence="Translates a sentence: after each word the decoder weighs all words of the source.",
    ),
    Reference(
        name="seq2seq_bahdanau",
        title="Translation word by word",
        family=FAMILY,
        make=BahdanauSeq2Seq,
        small=lambda: BahdanauSeq2Seq(source_words=30, target_words=35, hidden=12),
        inputs=(tokens(12, 10000), tokens(10, 10000)),
        small_inputs=(tokens(7, 30), tokens(5, 35)),
        parameters=2 * 10000 * 256
        + 3 * 256 * (256 + 256 + 2)
        + 2 * 257 * 256
        + 257
        + 3 * 256 * (512 + 256 + 2)
        + 257 * 10000,
        source="Bahdanau, Cho, Bengio: Neural machine translation by jointly learning to align and translate, 2014",
        sentence="Translates a sentence and looks back at its source before each word that it writes.",
    ),
)
