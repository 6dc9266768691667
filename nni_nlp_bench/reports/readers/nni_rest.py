"""Read an experiment from its manager, over the REST API behind NNI's web UI."""

from __future__ import annotations

from typing import Any, get_args

from nni_nlp_bench.reports.readers.nni_experiment import (
    ExperimentError,
    MetricKind,
    NniExperiment,
    decoded_metric,
    decoded_trial,
    with_own_parameters,
)

_PREFIX = "api/v1/nni"
_PATIENCE_S = 60.0


def read_rest(url: str) -> NniExperiment:
    """The experiment that the manager at an address such as http://127.0.0.1:8080 runs.

    Raises ExperimentError.
    """
    import httpx

    try:
        with httpx.Client(timeout=_PATIENCE_S, follow_redirects=True) as client:

            def answer(route: str) -> Any:
                address = f"{url.rstrip('/')}/{_PREFIX}/{route}"
                return client.get(address).raise_for_status().json()

            profile, jobs, rows = map(answer, ("experiment", "trial-jobs", "metric-data"))
        trials = [
            decoded_trial(job["trialJobId"], job["status"], told[-1], job.get("endTime"))
            for job in jobs
            if (told := job.get("hyperParameters"))  # else it has no parameters yet
        ]
        metrics = tuple(decoded_metric(row) for row in rows if row["type"] in get_args(MetricKind))
        return NniExperiment(
            id=profile["id"],
            config=profile["params"],
            trials=with_own_parameters(trials, metrics),
            metrics=metrics,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ExperimentError(f"{url}: no NNI manager answers there: {error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(
            f"{url}: the answer is not that of an NNI manager: {error!r}"
        ) from None
