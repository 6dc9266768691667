"""The release's logs, from the published WikiText-2 archive and from damaged or hostile ones."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.table import Table
from search_spaces.rnn_cell import published_recipe


@pytest.fixture(scope="module")
def wikitext2(shared: Callable[[str], Path], tmp_path_factory: pytest.TempPathFactory) -> Table:
    folder = tmp_path_factory.mktemp("tables") / "wikitext-2"
    report = import_benchmark(shared("nas-bench-nlp/wikitext2_logs.zip"), "nas-bench-nlp", folder)
    assert (report.read, report.kept, report.skipped) == (345, 345, ())
    return Table.load(folder)


def test_published_archive_has_the_published_figures(wikitext2: Table) -> None:
    info = wikitext2.info()
    assert (info.runs, info.distinct_ids, info.distinct_recipes, info.ok) == (345, 344, 291, 341)
    assert info.other_statuses == {"loss is nan!": 4}
    assert info.dataset == "wikitext-2"
    perplexities = {name: round(value, 2) for name, value in info.named_test_perplexity.items()}
    assert perplexities == {"rnn": 170.26, "lstm": 91.36, "gru": 103.47}
    assert info.best_test_perplexity == min(info.named_test_perplexity.values())


def test_a_run_that_broke_off_keeps_its_epochs(wikitext2: Table) -> None:
    recipe = published_recipe(1007257)
    assert 1007257 in wikitext2.recipe_ids(recipe)
    results = [wikitext2.query(recipe, seed=seed) for seed in wikitext2.seeds(recipe)]
    broken = next(result for result in results if result.status == "loss is nan!")
    assert broken.epoch == 19
    assert broken.test_loss is not None and np.isnan(broken.test_loss)
    assert len(wikitext2.curve(recipe, seed=broken.seed).test_loss) == 19
