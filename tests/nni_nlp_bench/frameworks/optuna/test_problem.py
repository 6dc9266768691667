"""Benchmarks as problems of OptunaHub, and the folder for its registry."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

import nni_nlp_bench as nb
from nni_nlp_bench.testing import synthetic_table

REGISTRY = Path(__file__).parents[4] / "experiments/optunahub_registry/package"
FOLDER = REGISTRY / "benchmarks/nas_bench_nlp"
FIELDS = {"author", "title", "description", "tags", "optuna_versions", "license"}
NOP = optuna.pruners.NopPruner()


@pytest.fixture(scope="module")
def package() -> Any:
    """The package as `optunahub.load_module` imports it from the registry."""
    optunahub = pytest.importorskip("optunahub")
    return optunahub.load_local_module("benchmarks/nas_bench_nlp", registry_root=str(REGISTRY))


def test_a_problem_is_one_of_optunahub(package: Any) -> None:
    import optunahub

    problem = package.Problem(synthetic_table())
    assert isinstance(problem, optunahub.benchmarks.BaseProblem)
    assert problem.directions == [optuna.study.StudyDirection.MINIMIZE]
    assert problem.metric_names == ["val_loss"]
    assert problem.evaluate_constraints({}) == {}


def test_trials_and_params_have_the_same_values(package: Any) -> None:
    table = synthetic_table()
    problem = package.Problem(table)
    study = optuna.create_study(
        directions=problem.directions, sampler=optuna.samplers.RandomSampler(seed=0), pruner=NOP
    )
    study.optimize(problem, n_trials=8)
    for trial in study.trials:
        assert set(trial.params) == set(problem.search_space)
        assert problem.evaluate(trial.params) == trial.value
        architecture = problem.architecture(trial.params)
        assert trial.user_attrs["canonical_key"] == architecture.canonical_key
        assert problem.runtime(trial) == table.query(architecture).wall_time_s


def test_metrics_have_directions_of_their_own(package: Any) -> None:
    problem = package.Problem("mini", metric_names=["val_loss", "parameters"])
    assert problem.available_metric_names[:2] == ["val_loss", "perplexity"]
    cell = nb.get_space("rnn_cell").parse("lstm")
    loss, parameters = problem.evaluate(nb.OptunaObjective("mini").choices.to_sample(cell))
    bench = nb.load("mini")
    assert (loss, parameters) == (bench.query(cell).val_loss, bench.parameters(cell))


def test_a_seed_draws_the_runs(package: Any) -> None:
    table = synthetic_table()
    problems = [package.Problem(table, seed=seed) for seed in range(4)]
    params = nb.OptunaObjective(table).choices.to_sample(table.architectures()[0])
    found = {problem.evaluate(params) for problem in problems}
    assert 1 < len(found) <= 3
    assert package.Problem(table, seed=0).evaluate(params) == problems[0].evaluate(params)


def test_the_example_runs(package: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the package of this checkout in place of the registry's."""
    import optunahub

    monkeypatch.setattr(optunahub, "load_module", lambda name: package)
    values = runpy.run_path(str(FOLDER / "example.py"))
    assert values["study"].best_trial.user_attrs["origin"] == "measured"
    assert len(values["study"].trials) == 30


def test_the_readme_has_the_fields_of_the_registry() -> None:
    _, front, body = (FOLDER / "README.md").read_text("utf-8").split("---\n", 2)
    fields = yaml.safe_load(front)
    assert set(fields) == FIELDS
    assert all(fields.values())
    assert "benchmark" in fields["tags"]
    assert all(isinstance(version, str) for version in fields["optuna_versions"])
    assert fields["license"] == "MIT License"
    assert "<" not in body  # the registry removes HTML
    assert "Please fill" not in body


def test_the_folder_holds_the_files_of_a_package() -> None:
    names = {path.name for path in FOLDER.iterdir() if path.name != "__pycache__"}
    assert names == {
        *("LICENSE", "README.md", "__init__.py", "_nas_bench_nlp.py", "example.py"),
        "requirements.txt",
    }
    assert "<COPYRIGHT HOLDER" not in (FOLDER / "LICENSE").read_text("utf-8")
