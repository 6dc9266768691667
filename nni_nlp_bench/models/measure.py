"""Latency, memory and size of trained models on this machine."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import user_path
from nni_nlp_bench.core.limits import MAX_COUNT
from nni_nlp_bench.data.words import tokenize
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.language import LanguageModel
from nni_nlp_bench.models.loading import AnyModel, load_model
from nni_nlp_bench.models.manifest import MANIFEST, model_folder
from nni_nlp_bench.models.tfidf import TfidfClassifier
from nni_nlp_bench.models.transformer import TransformerClassifier
from nni_nlp_bench.training.decoders import DecoderModel
from nni_nlp_bench.training.latency import Latency, latency_of
from nni_nlp_bench.training.settings import check_counts
from nni_nlp_bench.training.threads import torch_threads

LENGTHS = (16, 64)
MAX_WORDS = MAX_COUNT
"""Words of one batch."""
_PEAK, _RESET_PEAK = "VmHWM:", "5"


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """Inputs of a model, and how often it runs."""

    batches: tuple[int, ...] = (1, 8, 32)
    """Numbers of texts."""
    lengths: tuple[int, ...] | None = None
    """Words of each text; None for 16 and 64, or as many as the model reads."""
    threads: int = 1
    warmup: int = 3
    """Runs that are not counted."""
    repeats: int = 20

    def __post_init__(self) -> None:
        check_counts(self, "threads", "warmup", "repeats")
        lengths = (1,) if self.lengths is None else self.lengths
        for name, values in (("batches", self.batches), ("lengths", lengths)):
            if not values or min(values) < 1:
                raise UserError(f"{name} must be numbers of at least 1, got {values}")
        if max(self.batches) * max(lengths) > MAX_WORDS:
            raise UserError(f"batch and length: at most {MAX_WORDS:,} words at a time")


@dataclass(frozen=True, slots=True)
class Timing:
    """Times of one batch size and length."""

    batch: int
    length: int
    latency: Latency
    """From words to the probabilities, of the labels or of the next word."""
    texts_per_second: float | None
    """From texts to predictions, with tokenization: higher is better. None for language models."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """What a model takes on this machine."""

    name: str
    parameters: int
    parameters_without_embeddings: int
    """Without the vectors of words."""
    size_bytes: int | None
    """Size of the model's files; None for a model without a folder."""
    peak_memory_bytes: int | None
    """Largest resident memory of the process while the model ran, libraries included; None if the
    system does not tell it."""
    threads: int
    repeats: int
    timings: tuple[Timing, ...]


def measure_model(
    model: str | Path | AnyModel, settings: MeasureSettings | None = None
) -> Measurement:
    """Measure latency, throughput, memory and size of a trained model.

    >>> import nni_nlp_bench as nb
    >>> nb.measure_model("runs/reviews").timings[0].latency.median_ms     # doctest: +SKIP
    0.41

    Args:
        model: A model, its folder, or the output folder of its training.
        settings: Batch sizes, lengths, threads and repeats.

    Raises:
        UserError: The model cannot be loaded, reads shorter texts, or there are too few CPUs.
    """
    settings, size = settings or MeasureSettings(), None
    if isinstance(model, str | Path):
        folder = model_folder(user_path(str(model)))
        model = load_model(folder)
        files = (*model.manifest.files, MANIFEST)
        size = sum((folder / name).stat().st_size for name in files)
    lengths = _lengths(model, settings.lengths)
    with torch.no_grad(), torch_threads(settings.threads, parameters=0):
        with suppress(OSError):  # not on this system
            Path("/proc/self/clear_refs").write_text(_RESET_PEAK)
        timings = tuple(_timings(model, lengths, settings))
        peak = _peak_memory()
    total, embeddings = model.count_parameters()
    name, without = model.manifest.name, total - embeddings
    return Measurement(
        name, total, without, size, peak, settings.threads, settings.repeats, timings
    )


def _lengths(model: AnyModel, given: Sequence[int] | None) -> tuple[int, ...]:
    """Return the lengths to measure. Raises UserError for longer ones than the model reads."""
    most = getattr(model, "max_length", None)
    if isinstance(model, LanguageModel) and isinstance(model.model, DecoderModel):
        most = model.window
    if given is None:
        return tuple(sorted({min(length, most or length) for length in LENGTHS}))
    if most is not None and max(given) > most:
        raise UserError(f"the model reads at most {most} words of a text, got length {max(given)}")
    return tuple(given)


def _timings(
    model: AnyModel, lengths: Sequence[int], settings: MeasureSettings
) -> Iterator[Timing]:
    random = np.random.default_rng(0)
    known = _known_words(model)
    for batch in settings.batches:
        for length in lengths:
            words = [
                [known[i] for i in row] for row in random.integers(len(known), size=(batch, length))
            ]
            yield _timing(model, words, settings)


def _timing(model: AnyModel, words: list[list[str]], settings: MeasureSettings) -> Timing:
    runs = settings.warmup, settings.repeats
    shape = len(words), len(words[0])
    if isinstance(model, TextClassifier):
        latency = latency_of(lambda: model.probabilities_of(words), *runs)
        texts = [" ".join(each) for each in words]
        whole = latency_of(lambda: model.predict(texts, batch_size=len(texts)), *runs)
        return Timing(*shape, latency, 1000 * len(texts) / whole.median_ms)
    numbers = {word: i for i, word in enumerate(model.words)}
    network, ids = model.model, torch.tensor([[*map(numbers.get, each)] for each in words]).t()
    latency = latency_of(lambda: network.log_probabilities(network(ids).raw[-1]), *runs)
    return Timing(*shape, latency, None)


def _known_words(model: AnyModel) -> list[str]:
    """Return the words that a model knows and that its tokenization leaves whole."""
    if isinstance(model, LanguageModel):
        return list(model.words)
    if isinstance(model, TfidfClassifier):
        words: Sequence[str] = model.model.terms
    elif isinstance(model, TransformerClassifier):
        words = sorted(model.encoder.tokenizer.get_vocab())
    else:
        words = getattr(getattr(model, "vocabulary", None), "words", ("the",))
    return [word for word in words if word.isalnum() and tokenize(word) == (word,)] or ["the"]


def _peak_memory() -> int | None:
    """Return the largest resident memory since the last reset, in bytes."""
    with suppress(OSError):
        for line in Path("/proc/self/status").read_text("utf-8").splitlines():
            if line.startswith(_PEAK):
                return 1024 * int(line.split()[1])
    return None
