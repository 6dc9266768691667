"""Zero-cost scores of sentence classifiers: by hand, padding, the contract of each."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

import nni_nlp_bench as nb
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.zero_cost import ZeroCostScorer
from nni_nlp_bench.training.classification.network import NetworkSpec
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.zero_cost.codes import agreeing_units, log_determinant
from nni_nlp_bench.zero_cost.sentences.activations import record_activations
from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SCORES, SENTENCE_SPACES
from nni_nlp_bench.zero_cost.sentences.scoring import SampledTexts, SentenceScorer
from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics, TextBatch
from nni_nlp_bench.zero_cost.task import make_scoring
from search_spaces.base import SearchSpace
from search_spaces.emd_cell import EmdCell
from search_spaces.registry import get_space
from search_spaces.sequences import use_batch_statistics
from search_spaces.textnas.ops import make_op
from search_spaces.textnas.space import TextNasSpace

SPACES: Mapping[str, SearchSpace[Any]] = {
    "textnas": TextNasSpace(layers=4),
    "emd_cell": get_space("emd_cell"),
}
LENGTHS = (5, 3, 4, 5, 2)
POOLS = '{"nodes": [[["max_pool_3x3", 0], ["skip_connect", 1]], '
POOLS += '[["avg_pool_3x3", 0], ["avg_pool_3x3", 1]], [["skip_connect", 0], ["skip_connect", 1]]]}'


def sampled(space: str, number: int = 0) -> Any:
    rng = np.random.default_rng(number)
    return SPACES[space].sample(rng)


def texts(padding: int = 0) -> TextBatch:
    """Five texts of random word vectors; those of padding are not zero."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(len(LENGTHS), max(LENGTHS) + 9, 6, generator=generator)
    length = max(LENGTHS) + padding
    mask = torch.arange(length) < torch.tensor(LENGTHS)[:, None]
    return TextBatch(vectors[:, :length], mask)


def statistics(space: str, batch: TextBatch | None = None, seed: int = 0) -> SentenceStatistics:
    options = {"width": 8, "strict": True}
    spec = NetworkSpec(space, sampled(space), 6, 3, options)
    return SentenceStatistics(spec, batch or texts(), seed)


def test_the_determinant_of_a_known_kernel() -> None:
    codes = torch.tensor([[True, True, False], [True, False, False], [False, False, True]])
    kernel = agreeing_units(codes)
    assert kernel.tolist() == [[3, 2, 0], [2, 3, 1], [0, 1, 3]]
    assert log_determinant([kernel]) == pytest.approx(math.log(3 * 8 - 2 * 6))
    assert log_determinant([kernel, kernel]) == pytest.approx(math.log(12 * 8))
    assert log_determinant([agreeing_units(codes[[0, 0]])]) == -math.inf
    assert log_determinant([]) == -math.inf


def test_a_unit_counts_where_both_texts_have_a_word() -> None:
    codes = torch.tensor([[True, True, False], [True, False, False]])
    counted = torch.tensor([[True, True, True], [True, True, False]])
    assert agreeing_units(codes, counted).tolist() == [[3, 1], [1, 2]]


def test_naswot_of_an_embedding_and_a_relu_by_hand() -> None:
    """A cell whose one convolution reads the first input: the code is the sign of that input."""
    text = POOLS.replace("max_pool_3x3", "dilconv_3")
    spec = NetworkSpec("emd_cell", EmdCell.from_json(text), 6, 3, {"width": 8, "cells": 1})
    found = SentenceStatistics(spec, texts())
    network: Any = found.network
    cell = network.cells[0]
    with torch.no_grad():
        words = found.batch.vectors.transpose(1, 2).masked_fill(~found.batch.mask[:, None], 0)
        source = cell.frame.inputs[0](network.stem(words, ~found.batch.mask[:, None]))
    kernel = np.zeros((5, 5))
    for i, one in enumerate(LENGTHS):
        for j, other in enumerate(LENGTHS):
            both = min(one, other)
            same = (source[i, :, :both] > 0) == (source[j, :, :both] > 0)
            kernel[i, j] = int(same.sum())
    wanted = math.log(np.linalg.det(kernel))
    assert SENTENCE_SCORES.get("naswot").of(found) == pytest.approx(wanted)
    pools = replace(spec, architecture=EmdCell.from_json(POOLS))
    assert SENTENCE_SCORES.get("naswot").of(SentenceStatistics(pools, texts())) == -math.inf


@pytest.mark.parametrize("name", ["conv3", "attention", "gru"])
def test_what_counts_of_an_operation(name: str) -> None:
    torch.manual_seed(0)
    op = make_op(name, 8, dropout=0.0, strict=True).eval()
    use_batch_statistics(op)
    values, padding = torch.randn(3, 8, 5), torch.zeros(3, 1, 5, dtype=torch.bool)
    with torch.no_grad(), record_activations(op, 5) as found:
        output = op(values, padding)
    if name == "conv3":
        (before,) = found
        assert torch.equal(functional.relu(before.transpose(1, 2)), output)
    elif name == "attention":
        rows = values.transpose(1, 2)
        parts: list[nn.Linear] = [op.query, op.key, op.value]  # type: ignore[list-item]
        wanted = [functional.linear(rows, part.weight, part.bias) for part in parts]
        assert all(map(torch.equal, found, wanted))
    else:
        (both,) = found
        forwards, backwards = both.chunk(2, -1)
        assert torch.equal((forwards + backwards).transpose(1, 2), output)


@pytest.mark.parametrize("space", SENTENCE_SPACES)
def test_the_jacobian_against_a_difference_quotient(space: str) -> None:
    found = statistics(space)
    jacobian = found.jacobian.reshape(5, 5, 6)
    assert (jacobian[1, 3:] == 0).all(), "padding"
    batch, step = found.batch, 1e-6
    direction = torch.randn(batch.vectors.shape, generator=torch.Generator().manual_seed(2))
    network = found.network.double()  # after the gradient is computed

    def total(sign: int) -> float:
        vectors = batch.vectors.double() + sign * step * direction
        with torch.no_grad():
            return float(network(vectors, batch.mask).sum())

    quotient = (total(1) - total(-1)) / (2 * step)
    assert float((torch.from_numpy(jacobian) * direction).sum()) == pytest.approx(
        quotient, rel=0.01
    )


@pytest.mark.parametrize("space", SENTENCE_SPACES)
def test_parameters_are_those_that_the_space_counts(space: str) -> None:
    size = {"vectors": 6, "width": 8, "classes": 3}
    wanted = SPACES[space].parameters(sampled(space), size)  # type: ignore[attr-defined]
    assert SENTENCE_SCORES.get("num_params").of(statistics(space)) == wanted


@pytest.mark.parametrize("space", SENTENCE_SPACES)
def test_regions_of_one_line_are_few(space: str) -> None:
    regions = SENTENCE_SCORES.get("linear_regions").of(statistics(space))
    assert 1 < regions < 3000


@pytest.mark.parametrize("name", SENTENCE_SCORES)
@pytest.mark.parametrize("space", SENTENCE_SPACES)
class TestContract:
    """Every score of sentence classifiers has these properties."""

    def test_padding_changes_nothing(self, space: str, name: str) -> None:
        score = SENTENCE_SCORES.get(name)
        found = [score.of(statistics(space, texts(padding))) for padding in (0, 9)]
        assert found[1] == pytest.approx(found[0], rel=1e-3)
        assert math.isfinite(found[0])

    def test_equal_digits_on_repeated_calls(self, space: str, name: str) -> None:
        score = SENTENCE_SCORES.get(name)
        first = score.of(statistics(space))
        assert score.of(statistics(space)) == first
        shared = statistics(space)
        for other in SENTENCE_SCORES:
            SENTENCE_SCORES.get(other).of(shared)
        assert score.of(shared) == first, "statistics are shared"
        if name != "num_params":
            assert score.of(statistics(space, seed=1)) != first

    def test_it_draws_nothing_from_the_global_generator(self, space: str, name: str) -> None:
        before: Tensor = torch.get_rng_state()
        SENTENCE_SCORES.get(name).of(statistics(space))
        assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("space", SENTENCE_SPACES)
def test_scores_in_python_are_those_of_labelled_texts(space: str) -> None:
    names = ("naswot", "num_params")
    settings: dict[str, Any] = {"columns": 6, "steps": 12, "options": {"width": 8}}
    architectures = [sampled(space, number) for number in (0, 1)]
    table = nb.score(architectures, names, space=space, data="docstrings", **settings)
    assert table.equals(nb.score(architectures, names, space=space, **settings))
    words = EmbeddedDataset.load("docstrings", None, 0)
    scorer = SentenceScorer("naswot", space, SampledTexts(words, 6, 12), {"width": 8})
    assert [scorer(each) for each in architectures] == table["naswot"].tolist()
    lower = SentenceScorer("ntk_condition", space, SampledTexts(words, 6, 12), {"width": 8})
    assert lower(architectures[0]) <= -1


def test_texts_are_a_batch_of_the_training_set_of_similar_length() -> None:
    words = EmbeddedDataset.load("docstrings", None, 0)
    batch = TextBatch.of(words, 8, 20, seed=3)
    encoded = words.encoded(("train",), 20)
    rows = words.matrix[encoded.shuffled(8, np.random.default_rng(3))[0].words.numpy()]
    assert np.array_equal(batch.vectors[batch.mask].numpy(), rows[batch.mask.numpy()])
    assert not torch.equal(batch.vectors, TextBatch.of(words, 8, 20, seed=4).vectors)
    lengths = batch.mask.sum(1)
    assert int(lengths.max() - lengths.min()) < 8


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ("textnas", ("naswot",), "pydoc", None),
            "textnas are scored on labelled texts: give data",
        ),
        (("rnn_cell", ("naswot",), None, "docstrings"), "rnn_cell are scored on a corpus: give"),
        (("emd_cell", ("nsc",), None, "docstrings"), "unknown score of sentence classifiers 'nsc'"),
        (("enas_cell", ("naswot",), None, "docstrings"), "'enas_cell' has no zero-cost scores"),
    ],
)
def test_errors(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(UserError, match=message):
        make_scoring(*arguments)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"columns": 0}, "columns must be at least 1, got 0"),
        ({"seed": -1}, "seed must be"),
        ({"options": {"depth": 3}}, "networks of textnas have no 'depth', only width"),
        ({"options": {"width": 6}}, "the width must be a multiple of 4"),
    ],
)
def test_errors_of_settings(settings: dict[str, Any], message: str) -> None:
    attention = TextNasSpace(layers=2, ops=("attention",)).sample(np.random.default_rng(0))
    with pytest.raises(UserError, match=message):
        nb.score(attention, "num_params", space="textnas", **settings)


def test_a_scorer_without_a_benchmark_reads_packaged_texts() -> None:
    cell = sampled("emd_cell")
    wanted = nb.score(cell, "naswot", space="emd_cell", options={"width": 64})
    assert ZeroCostScorer("naswot", space="emd_cell")(cell) == wanted["naswot"].item()
    with pytest.raises(UserError, match="unknown labelled set 'nothing'"):
        ZeroCostScorer("naswot", "nothing", "emd_cell")
