"""Zero-cost scores of decoders: figures of the published tables, definitions, NSC-DP."""

from __future__ import annotations

import math
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest
import torch
import yaml
from lts_release import read_rows
from numpy.typing import NDArray

from nni_nlp_bench.zero_cost.base import ArchitectureScore
from nni_nlp_bench.zero_cost.decoders.base import DECODER_SCORES
from nni_nlp_bench.zero_cost.decoders.scoring import DecoderScoring
from nni_nlp_bench.zero_cost.decoders.statistics import DecoderStatistics
from nni_nlp_bench.zero_cost.maximize_nsc import maximize_nsc
from nni_nlp_bench.zero_cost.ranking import kendall_tau, pair_accuracy
from nni_nlp_bench.zero_cost.transformers import principal_components
from search_spaces.lts import DecoderLayer, LtsArchitecture
from search_spaces.lts.configuration import from_configuration
from search_spaces.lts.parameters import count_parameters
from search_spaces.lts.space import LtsSpace

LAYERS = tuple(map(DecoderLayer, (2, 4, 4, 8, 8), (1071, 640, 1286, 800, 1871)))
FIRST = LtsArchitecture("gpt2", "wt103", 128, 256, 4, LAYERS)
"""config_0_j0 of the random set."""
SMALL = {
    "gpt2": LtsArchitecture("gpt2", "wt103", 64, 128, 4, LAYERS[:2]),
    "transformer_xl": LtsArchitecture("transformer_xl", "wt103", 64, 128, 4, LAYERS),
}

MODELS = [pytest.param("gpt2", marks=pytest.mark.slow), "transformer_xl"]
"""Importing transformers takes seconds."""


class Figures(NamedTuple):
    """Taus of NSC and the non-embedding parameters; on close pairs their and d_embed's accuracy."""

    tau: float
    parameters: float
    pairs: int
    accuracies: tuple[float, float, float]


FIGURES = {
    "random_GPT2_wt103": Figures(0.849, 0.847, 1070, (0.582, 0.601, 0.672)),
    "random_GPT2_lm1b": Figures(0.912, 0.909, 1374, (0.666, 0.688, 0.585)),
    "random_TransXL_lm1b": Figures(0.980, 0.976, 1180, (0.830, 0.859, 0.5)),
    "random_TransXL_wt103_homogeneous": Figures(0.838, 0.817, 377, (0.578, 0.706, 0.572)),
    "pareto_GPT2_lm1b_arm": Figures(0.954, 0.947, 77, (0.773, 0.818, 0.403)),
    "pareto_GPT2_lm1b_corei7": Figures(0.954, 0.952, 52, (0.769, 0.788, 0.337)),
    "pareto_GPT2_lm1b_titanxp": Figures(0.957, 0.946, 52, (0.788, 0.865, 0.413)),
    "pareto_TransXL_lm1b_arm": Figures(0.949, 0.937, 62, (0.685, 0.758, 0.5)),
    "pareto_TransXL_lm1b_titanxp": Figures(0.918, 0.908, 70, (0.586, 0.643, 0.529)),
}
"""By set, with the true counts of parameters; the table of GPT-2 on lm1b has those of another
model."""


DOCS = Path(__file__).parents[3] / "docs"
PAGE, DATA = (DOCS / "zero_cost.md").read_text("utf-8"), DOCS / "data/decoder_scores.csv"
SCORES: dict[str, Callable[[LtsArchitecture], float]] = {
    **{name: lambda d, n=name: of(n)(d) for name in ("nsc", "non_embedding_params", "num_params")},
    "layers": lambda decoder: len(decoder.layers),
    "d_model": lambda decoder: decoder.d_model,
    "d_embed": lambda decoder: decoder.d_embed,
}


class PublishedSet(NamedTuple):
    """Trained decoders, their validation perplexities and non-embedding parameters."""

    decoders: list[LtsArchitecture]
    losses: NDArray[np.float64]
    sizes: NDArray[np.float64]

    def rank(self, values: Sequence[float]) -> tuple[float, float]:
        """Tau of a score, and its accuracy on close pairs."""
        found = np.array(values)
        accuracy = pair_accuracy(found, self.losses, self.sizes).accuracy
        return kendall_tau(found, self.losses), accuracy


@pytest.fixture(scope="module")
def published(shared: Callable[[str], Path]) -> dict[str, PublishedSet]:
    archive = shared("lts/saved_logs.tar.gz")
    texts = {(row.set, row.name): row.text for row in read_rows(archive)}
    found = {}
    for name in FIGURES:
        table = perplexities(archive, name)
        decoders = [from_configuration(texts[name, row]) for row in table]
        sizes = [of("non_embedding_params")(decoder) for decoder in decoders]
        found[name] = PublishedSet(decoders, np.array(list(table.values())), np.array(sizes))
    return found


def perplexities(archive: Path, name: str) -> dict[str, float]:
    """Validation perplexity of each network of a set."""
    with tarfile.open(archive) as tar:
        file = tar.extractfile(f"{name}/ppl_summary.yaml")
        assert file is not None
        table = yaml.load(file, yaml.CSafeLoader)
    return {row: ppl["valid_ppl"] if isinstance(ppl, dict) else ppl for row, ppl in table.items()}


def test_ranks_of_the_published_tables(published: dict[str, PublishedSet]) -> None:
    cells: dict[str, list[str]] = {name: [] for name in SCORES}
    for name, wanted in FIGURES.items():
        of_set = published[name]
        ranks = {
            score: of_set.rank([value(decoder) for decoder in of_set.decoders])
            for score, value in SCORES.items()
        }
        assert round(ranks["nsc"][0], 3) == wanted.tau, name
        assert round(ranks["non_embedding_params"][0], 3) == wanted.parameters, name
        printed = [ranks[score][1] for score in ("non_embedding_params", "nsc", "d_embed")]
        assert printed == pytest.approx(wanted.accuracies, abs=5.1e-4), name
        assert pair_accuracy(of_set.sizes, of_set.losses, of_set.sizes).pairs == wanted.pairs
        if name.startswith("random"):
            for score, rank in ranks.items():
                cells[score] += map(shown, rank)
    for score, values in cells.items():
        assert f"| `{score}` | {' | '.join(values)} |" in PAGE


def test_the_page_tells_how_scores_of_networks_rank(published: dict[str, PublishedSet]) -> None:
    of_set = published["random_GPT2_wt103"]
    keys = [decoder.canonical_key for decoder in of_set.decoders]
    computed = pd.read_csv(DATA, index_col="canonical_key").loc[keys]
    tau, close = map(shown, of_set.rank(list(computed["zerolm"])))
    assert f"`zerolm` reaches a tau of {tau} and {close} on close pairs" in PAGE
    tau, close = map(shown, of_set.rank(list(computed["w_pca"])))
    assert f"`w_pca` {tau} and {close} (4 texts" in PAGE


def shown(value: float) -> str:
    """As the page writes it."""
    return f"{value:.3f}".replace("0.", ".", 1)


def of(name: str) -> Callable[[LtsArchitecture], float]:
    score = DECODER_SCORES.get(name)
    assert isinstance(score, ArchitectureScore)
    return score.of_architecture


def test_the_first_decoder() -> None:
    assert round(of("nsc")(FIRST), 3) == 589.868
    assert of("num_params")(FIRST) == 8_505_006
    assert of("non_embedding_params")(FIRST) == 1_790_372


def statistics_of(model: str) -> DecoderStatistics:
    tokens = torch.randint(60, (3, 20), generator=torch.Generator().manual_seed(0))
    return DecoderStatistics(SMALL[model], tokens, vocabulary=60)


@pytest.mark.parametrize("model", MODELS)
def test_every_score_is_a_number_that_repeats(model: str) -> None:
    if model == "gpt2":
        pytest.importorskip("transformers")
    before = torch.get_rng_state()
    first, again = statistics_of(model), statistics_of(model)
    for name in DECODER_SCORES:
        score = DECODER_SCORES.get(name)
        found = score.of(first)
        assert found == score.of(again), name
        assert isinstance(found, float)
        assert math.isfinite(found), name
        assert score.higher_is_better
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("model", MODELS)
def test_matrices_and_components_are_those_of_the_network(model: str) -> None:
    if model == "gpt2":
        pytest.importorskip("transformers")
    statistics = statistics_of(model)
    decoder = SMALL[model]
    counts = count_parameters(decoder)
    vectors = 4 * decoder.d_model if model == "gpt2" else 2 * decoder.d_model
    attention = counts.attention - len(decoder.layers) * vectors
    assert sum(each.numel() for each in statistics.attention_matrices) == attention
    biases = sum(layer.d_inner + decoder.d_model for layer in decoder.layers)
    feed_forward = counts.feed_forward - biases
    assert sum(each.numel() for each in statistics.feed_forward_matrices) == feed_forward
    widths = [layer.d_inner for layer in decoder.layers]
    hidden = statistics.feed_forward_hidden
    assert [tuple(each.shape) for each in hidden] == [(60, width) for width in widths]
    components = sum(principal_components(each) for each in hidden)
    found = DECODER_SCORES.get("w_pca").of(statistics)
    assert found == counts.non_embedding * components


def test_capacity_alone_needs_no_text() -> None:
    scoring = DecoderScoring(("nsc",), "no such corpus")
    assert scoring.of(FIRST.to_json()) == {"nsc": of("nsc")(FIRST)}


def test_a_budget_is_used_by_the_decoder_of_the_highest_capacity() -> None:
    space = LtsSpace((("transformer_xl", "wt103"),))
    budget = 12_000_000
    best = maximize_nsc(space, budget)
    assert space.parameters(best, {}) <= budget
    rng = np.random.default_rng(0)
    others = [space.sample(rng) for _ in range(200)]
    within = [each for each in others if space.parameters(each, {}) <= budget]
    assert len(within) > 5
    assert all(of("nsc")(each) < of("nsc")(best) for each in within)
