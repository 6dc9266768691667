"""The search for a classifier of sentences."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch

from nni_nlp_bench.training.classification.batches import Batch, Encoded, Part
from nni_nlp_bench.training.classification.words import Words
from nni_nlp_bench.training.one_shot.sentences.module import SentenceModule
from nni_nlp_bench.training.one_shot.sentences.settings import SentenceSettings
from nni_nlp_bench.training.one_shot.task import Epoch, Measured, Seen
from search_spaces.sequences import use_batch_statistics
from search_spaces.textnas import Arc
from search_spaces.textnas.model_space import TextNasModelSpace

_STREAMS = {"train": 0, "dev": 1}


@dataclass(frozen=True)
class Sentences:
    """Batches of one part in an order that the seed and the epoch decide: all, or `count`.

    A part with fewer batches is gone through again, in another order.
    """

    encoded: Encoded
    part: Part
    batch_size: int
    seed: int
    epoch: Epoch
    count: int | None = None

    def __iter__(self) -> Iterator[Batch]:
        rng = np.random.default_rng([self.seed, self.epoch(), _STREAMS[self.part]])
        batches: list[Batch] = []
        while len(batches) < len(self):
            batches += self.encoded.shuffled(self.batch_size, rng, self.part)
        yield from batches[: len(self)]

    def __len__(self) -> int:
        return self.count or -(-len(self.encoded) // self.batch_size)


@dataclass(frozen=True)
class SentenceTask:
    """Architectures of TextNAS as classifiers; the reward is the accuracy on the dev part.

    The test part is never looked at.
    """

    words: Words
    settings: SentenceSettings = field(default_factory=SentenceSettings)
    space = "textnas"
    reward = "accuracy"

    def facts(self) -> dict[str, Any]:
        """Name and digest of the sentences, and whose word vectors there are."""
        data = self.words.data
        return {"data": data.name, "digest": data.digest, "vectors": self.words.source}

    def model_space(self, seed: int) -> TextNasModelSpace:
        """All architectures."""
        s, words = self.settings, self.words
        return TextNasModelSpace(
            layers=s.layers,
            window=s.window,
            vectors=words.matrix.shape[1],
            width=s.width,
            classes=len(words.data.labels),
            dropout=s.dropout,
        )

    def module(self, seed: int, seen: Seen) -> SentenceModule:
        """The training of the shared weights."""
        batches = -(-len(self._train) // self.settings.batch_size)
        return SentenceModule(self.words, self.settings.training(seed), batches, seen)

    def train(self, seed: int, epoch: Epoch) -> Sentences:
        """All sentences of the training part."""
        return Sentences(self._train, "train", self.settings.batch_size, seed, epoch)

    def valid(self, seed: int, epoch: Epoch) -> Sentences:
        """So many batches of the dev part, others in every epoch."""
        s = self.settings
        return Sentences(self._dev, "dev", s.batch_size, seed, epoch, s.rewards_an_epoch)

    def measure(self, module: SentenceModule, architecture: Arc) -> Measured:
        """Accuracy on the whole dev part."""
        space = module.model
        network = space.freeze(space.to_sample(architecture))
        right = 0
        use_batch_statistics(network)
        module.eval()
        network.eval()
        with torch.inference_mode():
            for batch in self._dev.in_order(self.settings.batch_size):
                logits = module.logits_of(network, batch)
                right += int((logits.argmax(1) == batch.labels).sum())
        accuracy = right / len(self._dev)
        return Measured(accuracy, {"dev_accuracy": accuracy})

    def more(self, architecture: Arc) -> dict[str, Any]:
        """Nothing."""
        return {}

    @cached_property
    def _train(self) -> Encoded:
        return self._encoded("train")

    @cached_property
    def _dev(self) -> Encoded:
        return self._encoded("dev")

    def _encoded(self, part: Part) -> Encoded:
        sentences = getattr(self.words.data, part)
        return Encoded.of(sentences, self.words.vocabulary, self.settings.max_length)
