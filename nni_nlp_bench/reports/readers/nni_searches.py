"""The searches of an NNI experiment, told apart by its trials' parameters.

Either one trial is one whole search, with a strategy and a seed for parameters, or one trial is one
architecture, and the whole experiment is one search.
"""

from __future__ import annotations

from nni_nlp_bench.reports.readers.architecture_trials import search_of_architectures
from nni_nlp_bench.reports.readers.nni_experiment import ExperimentError, NniExperiment
from nni_nlp_bench.reports.readers.readings import SearchSource
from nni_nlp_bench.reports.readers.search_trials import searches_of_trials


def searches_of(experiment: NniExperiment) -> SearchSource:
    """What an experiment's trials tell. Raises ExperimentError."""
    if not experiment.trials:
        raise ExperimentError(f"experiment {experiment.name} holds no trial yet")
    names = [trial.parameters.keys() for trial in experiment.trials]
    if all("architecture" in own for own in names):
        return search_of_architectures(experiment)
    if all({"strategy", "seed"} <= own for own in names):
        return searches_of_trials(experiment)
    raise ExperimentError(
        f"experiment {experiment.name} holds no search: its trials' parameters are neither "
        "a strategy with a seed nor an architecture"
    )
