"""`experiment status`: list the running experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, plain_table, print_json, print_tables

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks.nni.serving.running import ExperimentProcess

_COLUMNS = ("id", "name", "status", "trials", "port", "listens on")


def status(json: options.Json = False) -> None:
    """List the NNI experiments running on this machine, and their addresses."""
    from nni_nlp_bench.frameworks.nni.serving.running import list_running

    experiments = [_describe(experiment) for experiment in list_running()]
    if json:
        print_json({"experiments": experiments})
    elif experiments:
        print_tables(plain_table(None, _COLUMNS, [_row(entry) for entry in experiments]))
    else:
        echo("no experiment is running: start one with `nni-nlp-bench experiment up --config FILE`")


def _describe(experiment: ExperimentProcess) -> dict[str, Any]:
    from nni_nlp_bench.frameworks.nni.serving.addresses import ALL_INTERFACES

    progress, addresses = experiment.progress(), experiment.addresses
    return {
        "id": experiment.id,
        "name": experiment.name,
        "status": None if progress is None else progress.status,
        "trials_done": None if progress is None else progress.done,
        "trials_max": None if progress is None else progress.maximum,
        "port": experiment.port,
        "addresses": list(addresses),
        "all_interfaces": any(address in ALL_INTERFACES for address in addresses),
    }


def _row(entry: dict[str, Any]) -> list[str]:
    done, maximum = entry["trials_done"], entry["trials_max"]
    addresses = "all interfaces!" if entry["all_interfaces"] else ", ".join(entry["addresses"])
    return [
        entry["id"],
        entry["name"],
        entry["status"] or "not responding",
        "?" if done is None else f"{done}/{maximum or 'unlimited'}",
        str(entry["port"]),
        addresses or "none",
    ]
