"""Scores of decoders from their sizes alone: Neural Spectral Capacity and parameters."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import product
from typing import TYPE_CHECKING, ClassVar

from nni_nlp_bench.zero_cost.layer_programming import GlobalChoice, LayerOption
from nni_nlp_bench.zero_cost.spectral_capacity import Shape, normal, total_capacity
from search_spaces.lts.architecture import DecoderLayer, LtsArchitecture
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.rules import N_HEADS, RULES

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics

_INNER_STEP = 64
"""Step of the inner widths that NSC-DP tries: that of the release's own searches."""


class _SizeScore(ABC):
    """A score that reads the decoder alone."""

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: DecoderStatistics) -> float:
        """Return the score of the decoder; no network is built."""
        return self.of_architecture(statistics.decoder)

    @abstractmethod
    def of_architecture(self, decoder: LtsArchitecture) -> float:
        """Return the score of a decoder."""


class DecoderCapacity(_SizeScore):
    """Neural Spectral Capacity of a decoder: the expected log-determinants of its matrices.

    Per layer query, key and value of each head, the output projection and the two feed-forward
    matrices, with the initial variance .02 ** 2, in nats (NSC, arXiv 2609.23087).
    """

    def of_architecture(self, decoder: LtsArchitecture) -> float:
        """Return the score of a decoder."""
        width = decoder.d_model
        return total_capacity(
            (shape for layer in decoder.layers for shape in layer_matrices(layer, width)), normal
        )


class Parameters(_SizeScore):
    """Number of parameters of a decoder with the vocabulary of its data set."""

    def of_architecture(self, decoder: LtsArchitecture) -> float:
        """Return the number of parameters."""
        return float(count_parameters(decoder).total)


class NonEmbeddingParameters(_SizeScore):
    """Number of parameters of a decoder without embeddings and softmax."""

    def of_architecture(self, decoder: LtsArchitecture) -> float:
        """Return the number of parameters."""
        return float(count_parameters(decoder).non_embedding)


def layer_matrices(layer: DecoderLayer, d_model: int) -> Iterator[Shape]:
    """Return the shapes of the matrices of a layer that its capacity counts."""
    yield from 3 * layer.n_head * [(d_model // layer.n_head, d_model)]
    yield d_model, d_model
    yield layer.d_inner, d_model
    yield d_model, layer.d_inner


def global_choices(tasks: Iterable[tuple[str, str]]) -> Iterator[GlobalChoice]:
    """Give each width and number of layers, with the forms of a layer, for NSC-DP.

    Inner widths are multiples of 64. The embedding, which has no capacity, is the one with the
    fewest parameters.
    """
    for task in tasks:
        for d_model in RULES[task].d_models:
            low, high = RULES[task].inner_range(d_model)
            inner = range(-(-low // _INNER_STEP) * _INNER_STEP, high + 1, _INNER_STEP)
            forms = [DecoderLayer(*each) for each in product(N_HEADS, inner)]
            for count in RULES[task].n_layers:
                yield _global_choice(task, d_model, count, forms)


def _global_choice(
    task: tuple[str, str], d_model: int, count: int, forms: Sequence[DecoderLayer]
) -> GlobalChoice:
    rules = RULES[task]
    build = min(
        (
            partial(_build, task, d_model, d_embed, div_val)
            for d_embed, div_val in product(rules.embeds(d_model), rules.div_vals)
        ),
        key=lambda build: count_parameters(build(count * [forms[0]])).total,
    )
    first = count_parameters(build(count * [forms[0]])).total
    options = [
        LayerOption(
            layer,
            count_parameters(build([layer, *(count - 1) * [forms[0]]])).total - first,
            total_capacity(layer_matrices(layer, d_model), normal),
        )
        for layer in forms
    ]
    return GlobalChoice(count, first, options, build)


def _build(
    task: tuple[str, str], d_model: int, d_embed: int, div_val: int, layers: Sequence[DecoderLayer]
) -> LtsArchitecture:
    return LtsArchitecture(*task, d_model, d_embed, div_val, tuple(layers))


NSC = DecoderCapacity()
NUM_PARAMS = Parameters()
NON_EMBEDDING_PARAMS = NonEmbeddingParameters()
