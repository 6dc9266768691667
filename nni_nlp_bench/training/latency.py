"""Latency of a network on this machine: measured, with warm-up, repeats and fixed threads."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from nni_nlp_bench.core.limits import MAX_WIDTH
from nni_nlp_bench.training.cells import SPACES
from nni_nlp_bench.training.language_model import LanguageModel
from nni_nlp_bench.training.settings import Sizes, check_counts
from nni_nlp_bench.training.threads import torch_threads
from search_spaces.base import SearchSpace
from search_spaces.sentence_space import SentenceSpace

WORDS = 10_000
"""Vocabulary of the language model of a cell."""
CLASSES = 2


@dataclass(frozen=True, slots=True)
class LatencySettings:
    """Input of the network, and how often it runs.

    The defaults are one text of 64 tokens on one thread.
    """

    batch: int = 1
    length: int = 64
    """Tokens of each text."""
    warmup: int = 5
    """Runs that are not counted."""
    repeats: int = 30
    threads: int = 1
    vectors: int = 100
    """Width of the word vectors that a classifier of sentences reads."""
    sizes: Sizes = field(default_factory=Sizes)
    """Language model of a cell."""

    def __post_init__(self) -> None:
        check_counts(self, "batch", "length", "warmup", "repeats", "threads")
        check_counts(self, "vectors", most=MAX_WIDTH)

    def __str__(self) -> str:
        return (
            f"{self.batch} x {self.length} tokens, median of {self.repeats} runs after "
            f"{self.warmup} of warm-up, threads: {self.threads}, torch {torch.__version__}"
        )


@dataclass(frozen=True, slots=True)
class Latency:
    """Time of a forward pass in milliseconds, over the repeats."""

    median_ms: float
    low_ms: float
    """25th percentile."""
    high_ms: float
    """75th percentile."""


def measure_latency(
    space: SearchSpace[Any], architecture: Any, settings: LatencySettings | None = None
) -> Latency:
    """Run the untrained network of an architecture, without gradients, and measure its time.

    The network is the language model of a recurrent cell, the classifier of sentences of a space
    that has one, or else the space's network on token ids (batch, length).

    Args:
        space: The space of the architecture.
        architecture: The architecture.
        settings: Input and repeats.

    Raises:
        UserError: There are fewer CPUs than threads, or the space has no networks.
    """
    settings = settings or LatencySettings()
    with torch.no_grad(), torch_threads(settings.threads, parameters=0):
        run = _forward(space, architecture, settings)
        return latency_of(run, settings.warmup, settings.repeats)


def latency_of(run: Callable[[], Any], warmup: int, repeats: int) -> Latency:
    """Return the time of calls, after some that are not counted."""
    for _ in range(warmup):
        run()
    times = [_time_ms(run) for _ in range(repeats)]
    low, median, high = np.percentile(times, (25, 50, 75)).tolist()
    return Latency(median, low, high)


def _time_ms(run: Callable[[], Any]) -> float:
    start = time.perf_counter_ns()
    run()
    return (time.perf_counter_ns() - start) / 1e6


def _forward(
    space: SearchSpace[Any], architecture: Any, settings: LatencySettings
) -> Callable[[], Any]:
    generator = torch.Generator().manual_seed(0)
    shape = settings.batch, settings.length
    if space.name in SPACES:
        model = LanguageModel(architecture, WORDS, settings.sizes).eval()
        tokens = torch.randint(WORDS, shape[::-1], generator=generator)
        return lambda: model(tokens).raw @ model.embedding.T + model.decoder_bias
    if isinstance(space, SentenceSpace):
        classifier: Any = space.classifier(architecture, vectors=settings.vectors, classes=CLASSES)
        classifier.eval()
        vectors = torch.randn((*shape, settings.vectors), generator=generator)
        mask = torch.ones(shape, dtype=torch.bool)
        return lambda: classifier(vectors, mask)
    network = space.network(architecture, {}).eval()
    ids = torch.randint(WORDS, shape, generator=generator)
    return lambda: network(ids)
