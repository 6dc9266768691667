"""What the adapters say where their framework is not installed."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

import pytest

import nni_nlp_bench as nb
from nni_nlp_bench.core.extras import EXTRAS, MissingExtraError
from nni_nlp_bench.frameworks.neps import pipeline
from nni_nlp_bench.frameworks.syne_tune import blackbox, simulator_backend
from nni_nlp_bench.strategies.registry import STRATEGIES, UnavailableError, check_available
from nni_nlp_bench.testing import synthetic_table

USES: list[tuple[str, Callable[[], object]]] = [
    ("ConfigSpace", lambda: nb.get_space("encoder").to_configspace()),
    ("syne_tune", lambda: blackbox(synthetic_table())),
    ("syne_tune", lambda: simulator_backend(synthetic_table())),
    ("neps", lambda: pipeline(synthetic_table())),
]


@pytest.mark.parametrize(("library", "use"), USES)
def test_a_missing_framework_names_its_extra(library: str, use: Callable[[], object]) -> None:
    if find_spec(library):
        pytest.skip(f"{library} is installed")
    with pytest.raises(MissingExtraError, match=rf"nni-nlp-bench\[{EXTRAS[library]}\]"):
        use()


@pytest.mark.parametrize(
    "strategy", [name for name in STRATEGIES if name == "smac" or name.startswith("syne_tune:")]
)
def test_its_strategies_cannot_run(strategy: str) -> None:
    library, _, _ = strategy.partition(":")
    if find_spec(library):
        pytest.skip(f"{library} is installed")
    with pytest.raises(UnavailableError, match=rf"nni-nlp-bench\[{EXTRAS[library]}\]"):
        check_available(strategy)
