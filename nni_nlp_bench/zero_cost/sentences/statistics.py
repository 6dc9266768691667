"""Statistics of an untrained sentence classifier that zero-cost scores share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.training.classification.network import NetworkSpec
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.seeding import seeded
from nni_nlp_bench.zero_cost.sentences.activations import record_activations
from nni_nlp_bench.zero_cost.statistics import Saliency, saliencies_of
from search_spaces.sequences import use_batch_statistics
from search_spaces.textnas.ops import HEADS

THIN_WIDTHS = {"textnas": HEADS, "emd_cell": 1}
"""Widths of the networks that linear regions are counted of: the smallest of each space."""


@dataclass(frozen=True)
class TextBatch:
    """Texts as word vectors."""

    vectors: Tensor
    """(batch, length, width)"""
    mask: Tensor
    """(batch, length), true at words."""

    @classmethod
    def of(cls, words: EmbeddedDataset, count: int, max_length: int, seed: int = 0) -> Self:
        """Return a random batch of the training set, of texts of similar length.

        Args:
            words: Labelled texts with word vectors.
            count: Number of texts; fewer if the training set has no more.
            max_length: Number of words at which a text is cut.
            seed: Seed of the choice.
        """
        rng = np.random.default_rng(seed)
        batch = words.encoded(("train",), max_length).shuffled(count, rng)[0]
        vectors = functional.embedding(batch.words, torch.tensor(words.matrix))
        return cls(vectors, batch.mask)


class SentenceStatistics:
    """Activations and gradients of a sentence classifier on one batch of texts.

    The weights are those that a training with this seed begins with. Nothing is dropped, and batch
    norms use the statistics of the batch, as in training.

    Args:
        spec: The network: architecture, sizes and options.
        batch: Texts as word vectors.
        seed: Seed of the weights, and of the inputs of thin networks.
    """

    def __init__(self, spec: NetworkSpec, batch: TextBatch, seed: int = 0) -> None:
        self.spec, self.batch, self.seed = spec, batch, seed

    @cached_property
    def network(self) -> nn.Module:
        """The network, in evaluation mode."""
        with seeded(self.seed):
            return self._prepared(self.spec)

    def thin_networks(self, count: int) -> list[nn.Module]:
        """Return networks of the architecture with one channel, or one per head, for words of one
        number; each has weights of its own."""
        options = {**self.spec.options, "width": THIN_WIDTHS[self.spec.space]}
        thin = replace(self.spec, vectors=1, options=options)
        with seeded(self.seed):
            return [self._prepared(thin) for _ in range(count)]

    @property
    def activations(self) -> Sequence[Tensor]:
        """Inputs of the activations, each (batch, length, channels); without meaning at padding."""
        return self._forward[1]

    @property
    def jacobian(self) -> NDArray[np.float32]:
        """Gradient of the summed logits with respect to the word vectors, (batch, length * width).

        0 at padding; places where no text has a word are left out.
        """
        logits, _, vectors = self._forward
        (gradient,) = torch.autograd.grad(logits.sum(), vectors, retain_graph=True)
        kept = gradient[:, self.batch.mask.any(0)]
        return cast(NDArray[np.float32], kept.flatten(1).numpy())

    @property
    def saliencies(self) -> list[Saliency]:
        """Saliency of all matrices and kernels of the network, without the word vectors."""
        weights = [weight for weight in self.kernel_parameters if weight.dim() > 1]
        return saliencies_of(self._forward[0], weights)

    @property
    def kernel_outputs(self) -> Sequence[Tensor]:
        """Logits (classes,) of each text, with their autograd graph."""
        return self._forward[0].unbind()

    @property
    def kernel_parameters(self) -> list[nn.Parameter]:
        """Weights of the network; word vectors are its inputs."""
        return [*self.network.parameters()]

    @property
    def num_parameters(self) -> int:
        """Number of parameters of the network, without word vectors."""
        return sum(weight.numel() for weight in self.network.parameters())

    @cached_property
    def _forward(self) -> tuple[Tensor, list[Tensor], Tensor]:
        """Logits, inputs of the activations, and the word vectors, with their autograd graph."""
        vectors = self.batch.vectors.detach().clone().requires_grad_()
        with record_activations(self.network, vectors.shape[1]) as activations:
            logits: Tensor = self.network(vectors, self.batch.mask)
        return logits, activations, vectors

    @staticmethod
    def _prepared(spec: NetworkSpec) -> nn.Module:
        network = spec().eval()
        use_batch_statistics(network)
        return network
