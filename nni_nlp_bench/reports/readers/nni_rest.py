"""Read a running experiment over the REST API of its manager."""

from __future__ import annotations

from typing import Any, get_args

from nni_nlp_bench.reports.readers.nni_experiment import (
    ExperimentError,
    MetricKind,
    NniExperiment,
    decode_metric,
    decode_trial,
    match_parameters,
)

_PREFIX = "api/v1/nni"
_TIMEOUT_S = 60.0


def read_rest(url: str) -> NniExperiment:
    """Return the experiment of a running manager.

    Args:
        url: Address of the web UI, such as `http://127.0.0.1:8080`.

    Raises:
        ExperimentError: there is no manager at the address.
    """
    import httpx

    try:
        with httpx.Client(timeout=_TIMEOUT_S, follow_redirects=True) as client:

            def get(route: str) -> Any:
                address = f"{url.rstrip('/')}/{_PREFIX}/{route}"
                return client.get(address).raise_for_status().json()

            profile, jobs, rows = map(get, ("experiment", "trial-jobs", "metric-data"))
        trials = [
            decode_trial(job["trialJobId"], job["status"], parameters[-1], job.get("endTime"))
            for job in jobs
            if (parameters := job.get("hyperParameters"))  # None until NNI assigns some
        ]
        metrics = tuple(decode_metric(row) for row in rows if row["type"] in get_args(MetricKind))
        return NniExperiment(
            id=profile["id"],
            config=profile["params"],
            trials=match_parameters(trials, metrics),
            metrics=metrics,
        )
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise ExperimentError(f"{url}: no NNI manager responds: {error}") from None
    except (ValueError, KeyError, TypeError) as error:
        raise ExperimentError(f"{url}: not the response of an NNI manager: {error!r}") from None
