"""SMAC3 as a strategy; what every strategy keeps is in tests/contract."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from grid_benchmark import GridBenchmark

import nni_nlp_bench as nb

pytestmark = pytest.mark.framework("smac")


def losses(seed: int) -> list[float]:
    """Losses of the proposals where the loss is the number of skip connections of a cell."""
    space = nb.get_space("asr_cell")
    made = nb.make_strategy("smac(challengers=200)", space, seed=seed)
    found = []
    for _ in range(18):
        proposal = made.ask()
        assert proposal is not None
        sample = space.choices().to_sample(proposal.architecture)
        found.append(float(sum(sample[label] for label in sample if label.startswith("skip"))))
        made.tell(proposal, -found[-1])
    made.close()
    return found


def test_it_minimises_and_does_so_again() -> None:
    first, again, other = losses(0), losses(0), losses(1)
    assert first == again != other
    for found in (first, other):
        assert np.mean(found[10:]) < np.mean(found[:10])


def test_a_failure_is_a_uniform_guess() -> None:
    grid = GridBenchmark()
    made = nb.make_strategy("smac(random_first=2)", grid.space, seed=0)
    for loss in (None, 1.0):
        proposal = made.ask()
        assert proposal is not None
        made.tell(proposal, None if loss is None else -loss)
    told = [value.cost for value in made._facade.runhistory.values()]  # type: ignore[attr-defined]
    assert told == [nb.LossUnit.NATS.failure, 1.0]
    made.close()


def test_its_files_are_removed(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tempfile, "tempdir", str(tmp_path))
        made = nb.make_strategy("smac", GridBenchmark().space, seed=0)
        assert [*tmp_path.rglob("*.json")]
        made.close()
    assert [*tmp_path.iterdir()] == []
