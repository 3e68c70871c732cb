"""TextCharacters."""

from __future__ import annotations

import inspect

import numpy as np

from nnstudio.core.data import Data
from nnstudio.core.sources import FileDataset
from nnstudio.core.spec import field
from nnstudio.library.datasets._text import ENCODINGS, character_numbers, next_characters, read_text, readable


class TextCharacters(
    FileDataset,
    category="Own data",
    suffixes=(".txt", ".md", ".text"),
    usual=True,
    aliases=("gpt", "language model", "text", "characters", "shakespeare", "tokens"),
):
    """A text as rows of characters; at each place the next character is to be predicted, as a small GPT does."""

    title = "Characters of a text"

    context: int = field(64, "How many characters a row has.", minimum=1, maximum=65_536, logarithmic=True)
    stride: int | None = field(
        None, "How many characters later the next row begins; the length of a row unless it is set.", minimum=1
    )
    lower_case: bool = field(False, "Whether capital letters are read as small ones, which makes the text simpler.")
    encoding: str = field(
        "auto", "How the file writes letters as bytes; auto looks at the file itself.", choices=ENCODINGS
    )

    def load(self) -> Data:
        text, _, notices = self._read()
        vocabulary, numbers = character_numbers(text)
        name = self._name()
        if not text:
            raise ValueError(f"{name} is empty. Choose a file with text in it.")
        if len(text) <= self.context:
            raise ValueError(
                f"{name} has {len(text):,} characters, but a row of {self.context:,} needs at least "
                f"{self.context + 1:,}. Choose a shorter context or a longer text."
            )
        if len(vocabulary) < 2:
            raise ValueError(
                f"{name} holds one kind of character only ({readable(vocabulary)}), so there is nothing to predict. "
                "Choose another text."
            )
        stride = self.stride or self.context
        inputs, targets = next_characters(numbers, self.context, stride)
        if stride < self.context:
            notices += (
                "Neighbouring rows overlap. Divide them by time, because with a random split most of each test row is "
                "in a training row too.",
            )
        return Data(
            inputs,
            targets,
            "classification",
            feature_names=tuple(f"character {place + 1}" for place in range(self.context)),
            class_names=tuple(map(readable, vocabulary)),
            target_name="next character",
            times=np.arange(len(inputs), dtype=np.float64) * stride,
            reach=self.context - 1.0,
            notices=notices,
            vocabulary=tuple(vocabulary),
        )

    def source(self) -> str:
        encoding = self._read()[1]
        lower = ".lower()" if self.lower_case else ""
        return (
            "import numpy as np\n\n\n"
            f"{inspect.getsource(character_numbers)}\n\n{inspect.getsource(next_characters)}\n\n"
            f"with open({self.path!r}, encoding={encoding!r}) as file:\n"
            f"    text = file.read(){lower}\n"
            "vocabulary, numbers = character_numbers(text)\n"
            f"X, y = next_characters(numbers, {self.context}, {self.stride or self.context})\n"
            f"times = np.arange(len(X)) * {float(self.stride or self.context)!r}\n"
        )

    def _read(self) -> tuple[str, str, tuple[str, ...]]:
        text, encoding, notices = read_text(self.located(), self.encoding)
        return text.lower() if self.lower_case else text, encoding, notices

    def _name(self) -> str:
        return self.path.replace("\\", "/").rpartition("/")[2] or "The text"
