"""Read the searches of an NNI experiment.

A trial is either a complete search, with `strategy` and `seed` as parameters, or one architecture;
then the experiment is one search.
"""

from __future__ import annotations

from nni_nlp_bench.reports.readers.architecture_trials import read_architecture_trials
from nni_nlp_bench.reports.readers.nni_experiment import ExperimentError, NniExperiment
from nni_nlp_bench.reports.readers.search_trials import read_search_trials
from nni_nlp_bench.reports.readers.source import SearchSource


def read_searches(experiment: NniExperiment) -> SearchSource:
    """Return the searches of an experiment.

    Raises:
        ExperimentError: its trials are neither searches nor architectures.
    """
    if not experiment.trials:
        raise ExperimentError(f"experiment {experiment.name} has no trials yet")
    parameter_names = [trial.parameters.keys() for trial in experiment.trials]
    if all("architecture" in names for names in parameter_names):
        return read_architecture_trials(experiment)
    if all({"strategy", "seed"} <= names for names in parameter_names):
        return read_search_trials(experiment)
    raise ExperimentError(
        f"experiment {experiment.name} has no searches: its trial parameters are neither "
        "a strategy and a seed nor an architecture"
    )
