"""One-shot strategies are found by name, those of other packages too."""

from __future__ import annotations

from typing import Any

import pytest
from nni.nas.strategy import RandomOneShot

from nni_nlp_bench.api.names import list_one_shot_strategies
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.registry import UnknownNameError
from nni_nlp_bench.data.corpus import Corpus
from nni_nlp_bench.one_shot.base import SUPERNET_SPACES, OneShotStrategy
from nni_nlp_bench.one_shot.language.settings import LanguageSettings
from nni_nlp_bench.one_shot.language.task import LanguageTask
from nni_nlp_bench.one_shot.registry import (
    ONE_SHOT_STRATEGIES,
    check_epochs,
    check_strategy,
    spaces_of,
    strategies_of,
)
from nni_nlp_bench.one_shot.search import search_one_shot
from nni_nlp_bench.one_shot.settings import OneShotSettings
from search_spaces.emd_cell.space import EmdCellSpace
from search_spaces.enas_cell import Cell
from search_spaces.registry import SPACES

pytestmark = pytest.mark.usefixtures("quiet")


class CountingSampler(OneShotStrategy):
    """Strategy of another package."""

    spaces = ("enas_cell",)
    min_epochs = 2
    made = 0

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        cls.made += 1
        return RandomOneShot()


@pytest.fixture
def third_party(monkeypatch: pytest.MonkeyPatch) -> str:
    """Name of a registered strategy of another package."""
    monkeypatch.setattr(ONE_SHOT_STRATEGIES, "_loaders", dict(ONE_SHOT_STRATEGIES._load()))
    ONE_SHOT_STRATEGIES.register("counting", CountingSampler)
    return "counting"


def language_task(epochs: int) -> LanguageTask:
    lines = [[f"w{(i + k) % 6}" for k in range(8)] for i in range(12)]
    corpus = Corpus.of("cycle", {"train": lines * 2, "valid": lines, "test": lines})
    settings = LanguageSettings(
        epochs=epochs, nodes=3, width=4, batch_size=4, bptt=6, valid_windows=2, candidates=2
    )
    return LanguageTask(corpus, settings)


def test_a_strategy_of_another_package_searches(third_party: str) -> None:
    made = CountingSampler.made
    found = search_one_shot(language_task(2), third_party, 0)
    assert isinstance(found.architecture, Cell)
    assert CountingSampler.made == made + 1
    with pytest.raises(UserError, match="counting needs 2 epochs or more, got 1"):
        search_one_shot(language_task(1), third_party, 0)


def test_a_strategy_of_another_package_is_listed(third_party: str) -> None:
    assert third_party in list_one_shot_strategies()
    assert third_party in list_one_shot_strategies("enas_cell")
    assert third_party not in list_one_shot_strategies("textnas")
    assert spaces_of(third_party) == ["enas_cell"]
    with pytest.raises(
        UserError, match=r"counting does not search .* textnas: give --space enas_c"
    ):
        check_strategy("textnas", third_party)


def test_each_space_has_its_strategies() -> None:
    assert {space: strategies_of(space) for space in SUPERNET_SPACES} == {
        "emd_cell": ["darts", "enas", "gumbel_darts", "kd_emd", "random_one_shot", "te_nas"],
        "enas_cell": ["darts", "enas", "gumbel_darts", "random_one_shot", "te_nas"],
        "encoder": ["enas", "random_one_shot"],
        "textnas": list(ONE_SHOT_STRATEGIES),
    }
    assert strategies_of("rnn_cell") == strategies_of("unknown") == []


def test_sentence_spaces_of_other_packages_are_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SPACES, "_loaders", {**SPACES._load(), "other": lambda: EmdCellSpace})
    assert strategies_of("other") == [n for n in strategies_of("emd_cell") if n != "te_nas"]


def test_an_unknown_strategy_lists_the_known_ones() -> None:
    with pytest.raises(UnknownNameError, match="unknown one-shot strategy 'sgd'; known: darts, "):
        check_strategy("textnas", "sgd")


def test_only_kd_emd_needs_two_epochs() -> None:
    for name in ONE_SHOT_STRATEGIES:
        if name != "kd_emd":
            check_epochs(name, 1)
    check_epochs("kd_emd", 2)
    with pytest.raises(UserError, match="kd_emd needs 2 epochs"):
        check_epochs("kd_emd", 1)
