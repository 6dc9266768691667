"""Language models of cells and decoders as model folders."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from math import exp, inf, log
from pathlib import Path
from typing import Any, Self

import torch
from torch import Tensor

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.core.input_files import read_text
from nni_nlp_bench.core.limits import MAX_COUNT
from nni_nlp_bench.data.corpus import EOS, UNKNOWN
from nni_nlp_bench.models.base import ParameterCount
from nni_nlp_bench.models.manifest import Manifest, ModelError, required, required_count
from nni_nlp_bench.models.weights import IMPOSSIBLE, load_weights, reason_of, save_weights
from nni_nlp_bench.training.decoders import DecoderModel
from nni_nlp_bench.training.language_model import States
from nni_nlp_bench.training.models import (
    AnyLanguageModel,
    LanguageArchitecture,
    architecture_of,
    make_model,
)
from nni_nlp_bench.training.settings import Settings, Sizes, check_seed

VOCABULARY = "vocabulary.txt"
_LARGEST_LOSS = log(sys.float_info.max)


@dataclass(frozen=True, slots=True)
class TextLoss:
    """Loss of a language model on a text."""

    loss: float
    """Mean cross-entropy in nats per token: lower is better."""
    tokens: int
    """Number of words and ends of lines."""
    unknown: int
    """Number of words that are not in the vocabulary, and counted as `<unk>`."""

    @property
    def perplexity(self) -> float:
        """Exponential of the loss: lower is better; infinite where it overflows a float."""
        return inf if self.loss > _LARGEST_LOSS else exp(self.loss)


class LanguageModel:
    """A trained language model.

    Attributes:
        manifest: How it was trained.
        model: The network, in evaluation mode.
        words: Words by id.
        window: Number of words that are read at a time; for a decoder the most that it sees.
    """

    def __init__(
        self, manifest: Manifest, model: AnyLanguageModel, words: Sequence[str], window: int
    ) -> None:
        self.manifest = manifest
        self.model = model.eval()
        self.words = tuple(words)
        self.window = window

    @classmethod
    def load(cls, folder: Path, manifest: Manifest) -> Self:
        """Load the model of a folder. Raises UserError."""
        text, sizes = required(manifest.model, ("architecture", "sizes"))
        window = required_count(manifest.model, "bptt")
        words = read_text(folder / VOCABULARY, error=ModelError, encoding="utf-8").split("\n")[:-1]
        if EOS not in words:
            raise ModelError(f"{folder / VOCABULARY} has no {EOS}: it is of no language model")
        try:
            settings = Settings(sizes=Sizes(**sizes), bptt=window)
            architecture = architecture_of(text)
        except IMPOSSIBLE as error:
            reason = f"the network of the model cannot be built: {reason_of(error)}"
            raise ModelError(reason) from None
        model = load_weights(lambda: make_model(architecture, len(words), settings), folder)
        return cls(manifest, model, words, window)

    def count_parameters(self) -> ParameterCount:
        """Return the number of parameters; a tied decoder is counted once, as embedding."""
        if isinstance(self.model, DecoderModel):
            embedding = [*self.model.network.embedding.parameters()]
        else:
            embedding = [self.model.embedding]
        total = sum(weight.numel() for weight in self.model.parameters())
        return ParameterCount(total, sum(weight.numel() for weight in embedding))

    def perplexity(self, text: str) -> float:
        """Return the perplexity of a text: lower is better. See `evaluate`."""
        return self.evaluate(text).perplexity

    def evaluate(self, text: str) -> TextLoss:
        """Return the loss on a text.

        Words are separated by spaces, as in the training corpus, and every line ends with `<eos>`.
        States are kept over the whole text, but for GPT-2, which sees one window at a time.
        A word that is not in the vocabulary counts as `<unk>`.

        Raises:
            UserError: There is no text, or the vocabulary has no `<unk>` for an unknown word.
        """
        if not text.strip():
            raise UserError("the text is empty")
        lines = text.removesuffix("\n").split("\n")  # as corpora are read
        words = [word for line in lines for word in (*line.split(), EOS)]
        ids = self._encode(words)
        unknown = sum(word not in self._ids for word in words)
        inputs = torch.tensor([self._ids[EOS], *ids[:-1]])
        total, states = 0.0, None
        with torch.inference_mode():
            for start in range(0, len(ids), self.window):
                window = slice(start, start + self.window)
                outputs = self.model(inputs[window, None], states)
                targets = torch.tensor(ids[window])
                total += self.model.loss(outputs.raw, targets).item() * len(targets)
                states = outputs.states
        return TextLoss(total / len(ids), len(ids), unknown)

    def generate(
        self,
        prompt: str = "",
        *,
        n_words: int = 50,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
    ) -> str:
        """Return a text that continues a prompt.

        Args:
            prompt: Words, separated by spaces.
            n_words: Number of words and ends of lines to draw.
            temperature: Divides the log-probabilities; 0 takes the most probable word.
            top_k: Number of the most probable words that are drawn from; None for all.
            seed: Seed of the draws.

        Raises:
            UserError: A value is impossible, or the vocabulary lacks a word of the prompt.
        """
        if not 1 <= n_words <= MAX_COUNT or (top_k is not None and top_k < 1):
            raise UserError(f"n_words must be between 1 and {MAX_COUNT:,}, top_k at least 1")
        if not 0 <= temperature < inf:
            raise UserError(f"temperature must be 0 or above and finite, got {temperature}")
        check_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        ids = [self._ids[EOS], *self._encode(prompt.split())]
        found: list[str] = []
        with torch.inference_mode():
            for log_probabilities in self._next_words(ids):
                word = _draw(log_probabilities, temperature, top_k, generator)
                ids.append(word)
                found.append(self.words[word])
                if len(found) == n_words:
                    break
        lines = " ".join(found).split(EOS)
        return "\n".join(line.strip() for line in lines).rstrip("\n")

    def _next_words(self, ids: list[int]) -> Iterator[Tensor]:
        """Yield log-probabilities (words,) of the next word; the caller appends the drawn id."""
        states: States | None = None
        new = ids
        while True:
            # The first window may be short, not the last: GPT-2 sees no other.
            first = (len(new) - 1) % self.window + 1
            for end in range(first, len(new) + 1, self.window):
                window = torch.tensor(new[max(0, end - self.window) : end])
                outputs = self.model(window[:, None], states)
                states = outputs.states or None
            yield self.model.log_probabilities(outputs.raw[-1])[0]
            new = ids[-1:] if states else ids[-self.window :]  # GPT-2 reads its window again

    def _encode(self, words: Sequence[str]) -> list[int]:
        unknown = self._ids.get(UNKNOWN)
        found = []
        for word in words:
            if (number := self._ids.get(word, unknown)) is None:
                raise UserError(f"the model's vocabulary has neither {word[:40]!r} nor {UNKNOWN}")
            found.append(number)
        return found

    @cached_property
    def _ids(self) -> dict[str, int]:
        return {word: i for i, word in enumerate(self.words)}


def _draw(
    log_probabilities: Tensor, temperature: float, top_k: int | None, generator: torch.Generator
) -> int:
    if temperature == 0:
        return int(log_probabilities.argmax())
    scores, words = log_probabilities.sort(descending=True, stable=True)
    scores, words = scores[:top_k], words[:top_k]
    # Of the most probable word it is 0 at any temperature; others may become -inf.
    scaled = (scores - scores[0]).double() / temperature
    drawn = torch.multinomial(scaled.softmax(0), 1, generator=generator)
    return int(words[drawn])


def describe_language_model(
    architecture: LanguageArchitecture, settings: Settings
) -> dict[str, Any]:
    """Return what `LanguageModel.load` needs beside the files."""
    sizes = asdict(settings.sizes)
    return {"architecture": architecture.to_json(), "sizes": sizes, "bptt": settings.bptt}


def write_language_model(folder: Path, model: AnyLanguageModel, words: Sequence[str]) -> None:
    """Write weights and vocabulary into a folder. Raises OSError."""
    save_weights(model, folder)
    with atomic_write(folder / VOCABULARY) as new:
        new.write_text("".join(f"{word}\n" for word in words), "utf-8", newline="\n")
