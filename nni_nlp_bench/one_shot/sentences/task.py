"""One-shot task: search for a sentence classifier."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.data.sentences.glove import Progress, no_progress
from nni_nlp_bench.distillation.distilled import (
    NO_DISTILLATION,
    DistillationObjective,
    make_objective,
    teacher_features,
    tokens_of,
)
from nni_nlp_bench.one_shot.prunable import prunable_space
from nni_nlp_bench.one_shot.result import ValidationResult
from nni_nlp_bench.one_shot.sentences.module import SentenceModule
from nni_nlp_bench.one_shot.sentences.settings import SentenceSettings
from nni_nlp_bench.one_shot.task import Epoch, RewardCallback
from nni_nlp_bench.training.classification.batches import Batch, Encoded, Part
from nni_nlp_bench.training.classification.network import sentence_space
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.pruning import PrunableSpace
from search_spaces.sequences import use_batch_statistics

_STREAMS = {"train": 0, "dev": 1}


@dataclass(frozen=True)
class Sentences:
    """Shuffled batches of one part of a data set: all, or `count` of them.

    The order depends on the seed and the epoch. A part with fewer batches is repeated in another
    order.
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
    """Search for a sentence classifier; the reward is the accuracy on the dev set.

    The test set is never read.
    """

    words: EmbeddedDataset
    settings: SentenceSettings
    space: str = "textnas"
    kd_loss: str | None = None
    """Distillation loss of strategies that distill, or `none` for the loss of the labels."""
    reward = "accuracy"
    metric, maximize = "dev_accuracy", True

    def metadata(self) -> dict[str, Any]:
        """Return the data set, the word vectors, and the distillation loss."""
        data = self.words.data
        metadata: dict[str, Any] = {
            "data": data.name,
            "digest": data.digest,
            "vectors": self.words.source,
        }
        if self.kd_loss is not None:
            teacher = tokens_of(self.words).teacher
            metadata |= {"kd_loss": self.kd_loss, "fine_tuned_on": teacher.fine_tuned_on}
        return metadata

    def model_space(self, seed: int) -> Any:
        """Return the supernet."""
        widths = {"vectors": self.words.matrix.shape[1], "classes": len(self.words.data.labels)}
        return sentence_space(self.space).model_space(**widths, **self.settings.space_options)

    def module(self, seed: int, on_reward: RewardCallback) -> SentenceModule:
        """Return the training of the shared weights."""
        batches = -(-len(self._train) // self.settings.batch_size)
        make = None if self.kd_loss is None else self._objective
        return SentenceModule(self.words, self.settings.training(seed), batches, on_reward, make)

    def _objective(self, network: Any) -> DistillationObjective | None:
        if self.kd_loss is None or self.kd_loss == NO_DISTILLATION:
            return None
        return make_objective(self.kd_loss, network, self.words, self._train)

    def prepare(self, progress: Progress = no_progress) -> None:
        """Compute the teacher outputs unless they are cached. Raises UserError."""
        if self.kd_loss not in (None, NO_DISTILLATION):
            teacher_features(self.kd_loss, self.words, self._train, progress)

    def train(self, seed: int, epoch: Epoch) -> Sentences:
        """Return all batches of the training set, shuffled."""
        return Sentences(self._train, "train", self.settings.batch_size, seed, epoch)

    def valid(self, seed: int, epoch: Epoch) -> Sentences:
        """Return random batches of the dev set; all batches if the strategy distills."""
        s = self.settings
        count = s.rewards_per_epoch if self.kd_loss is None else None
        return Sentences(self._dev, "dev", s.batch_size, seed, epoch, count)

    def measure(self, module: SentenceModule, architecture: Any) -> ValidationResult:
        """Return the accuracy on the whole dev set."""
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
        return ValidationResult(accuracy, {"dev_accuracy": accuracy})

    def prunable(self) -> PrunableSpace:
        """Return how the supernet of the space is pruned."""
        return prunable_space(self.space)

    def kernel_outputs(self, model: Any, samples: int, seed: int) -> Callable[[], Sequence[Tensor]]:
        """Return a function that gives the logits of training sentences."""
        batch = next(iter(self.train(seed, lambda: 0)))
        words, mask = batch.words[:samples], batch.mask[:samples]
        vectors = functional.embedding(words, torch.tensor(self.words.matrix))
        return lambda: model(vectors, mask).unbind()

    def kernel_weights(self, model: Any) -> nn.Module:
        """Return the whole supernet; word vectors are its inputs."""
        return cast(nn.Module, model)

    def run_thin(self, model: Any, inputs: Tensor) -> None:
        """Run a supernet on random inputs (samples, length, 1) in place of word vectors."""
        model(inputs, torch.ones(inputs.shape[:2], dtype=torch.bool))

    def extra_outputs(self, architecture: Any) -> dict[str, Any]:
        """Return the architecture in the formats of releases."""
        return dict(sentence_space(self.space).release_formats(architecture))

    @cached_property
    def _train(self) -> Encoded:
        return self._encoded("train")

    @cached_property
    def _dev(self) -> Encoded:
        return self._encoded("dev")

    def _encoded(self, part: Part) -> Encoded:
        sentences = getattr(self.words.data, part)
        return Encoded.of(sentences, self.words.vocabulary, self.settings.max_length)
