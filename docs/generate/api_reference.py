"""Reference of the public API: directives that mkdocstrings fills in from the docstrings."""

from __future__ import annotations

from collections.abc import Iterator

import nni_nlp_bench

PAGES = {
    "benchmarks": (
        "Benchmarks",
        "load constrain training_benchmark Benchmark Table Result LossUnit Objective",
    ),
    "searches": (
        "Searches and comparisons",
        "search compare SearchResult ComparisonResult Trial",
    ),
    "strategies": ("Strategies", "make_strategy Strategy Proposal"),
    "spaces": ("Search spaces", "get_space SearchSpace"),
    "networks": (
        "Scores, trainings and one-shot search",
        "score evaluate_scores maximize_nsc measure_latency train_language_model "
        "train_classifier one_shot_search one_shot_seeds",
    ),
    "models": (
        "Trained models",
        "automl load_model TextClassifier LanguageModel Prediction export_model Exported "
        "measure_model MeasureSettings Measurement",
    ),
    "optuna": ("Optuna", "OptunaObjective StrategySampler"),
    "names": (
        "Names of components",
        "list_spaces list_benchmarks list_strategies list_one_shot_strategies list_scores "
        "list_corpora list_datasets list_distillation_losses",
    ),
    "errors": ("Errors", "UserError BenchmarkError"),
}
"""Title and names of `nni_nlp_bench` of each page."""
MODULES = {
    "plug-ins": (
        "Interfaces of components",
        "search_spaces.base.SearchSpace search_spaces.values.BaseArchitecture "
        "nni_nlp_bench.evaluators.base.TrialEvaluator nni_nlp_bench.zero_cost.base.Score "
        "nni_nlp_bench.distillation.losses.base.DistillationLoss "
        "nni_nlp_bench.one_shot.base.OneShotStrategy "
        "nni_nlp_bench.benchmarks.catalogue.CatalogueEntry",
    ),
    "testing": (
        "Contract tests",
        "nni_nlp_bench.testing.StrategyContract search_spaces.testing.SpaceContract",
    ),
}
"""Title and objects, by full path, of each further page."""
NO_PAGE = {"__version__", "frameworks"}


def api_pages() -> Iterator[tuple[str, str]]:
    """Yield path and Markdown text of each page. Raises KeyError for a name without a page."""
    shown = {name for _, names in PAGES.values() for name in names.split()}
    if wrong := shown ^ (set(nni_nlp_bench.__all__) - NO_PAGE):
        raise KeyError(f"PAGES of {__file__} differs from nni_nlp_bench.__all__ in {wrong}")
    for page, (title, names) in PAGES.items():
        yield _page(page, title, [f"nni_nlp_bench.{name}" for name in names.split()])
    for page, (title, paths) in MODULES.items():
        yield _page(page, title, paths.split())


def _page(name: str, title: str, paths: list[str]) -> tuple[str, str]:
    directives = "".join(f"\n::: {path}\n" for path in paths)
    return f"reference/api/{name}.md", f"# {title}\n{directives}"
