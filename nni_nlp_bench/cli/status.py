"""`status`: the experiments that run on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from nni_nlp_bench.cli import options

if TYPE_CHECKING:
    from nni_nlp_bench.frameworks.nni.serving.running import Running

_COLUMNS = ("id", "name", "status", "trials", "port", "listens on")


def status(json: options.Json = False) -> None:
    """List the experiments of NNI that run here, and the addresses that they listen on."""
    from nni_nlp_bench.cli.output import plain_table, print_json, print_tables
    from nni_nlp_bench.frameworks.nni.serving.running import running

    experiments = [_facts(experiment) for experiment in running()]
    if json:
        print_json({"experiments": experiments})
    elif experiments:
        print_tables(plain_table(None, _COLUMNS, [_row(facts) for facts in experiments]))
    else:
        typer.echo("no experiment runs: start one with `nni-nlp-bench experiment up --config FILE`")


def _facts(experiment: Running) -> dict[str, Any]:
    from nni_nlp_bench.frameworks.nni.serving.addresses import EVERY

    progress, addresses = experiment.progress(), experiment.addresses
    return {
        "id": experiment.id,
        "name": experiment.name,
        "status": None if progress is None else progress.status,
        "trials_done": None if progress is None else progress.done,
        "trials_max": None if progress is None else progress.maximum,
        "port": experiment.port,
        "addresses": list(addresses),
        "all_interfaces": any(address in EVERY for address in addresses),
    }


def _row(facts: dict[str, Any]) -> list[str]:
    done, maximum = facts["trials_done"], facts["trials_max"]
    addresses = "all interfaces!" if facts["all_interfaces"] else ", ".join(facts["addresses"])
    return [
        facts["id"],
        facts["name"],
        facts["status"] or "does not answer",
        "?" if done is None else f"{done}/{maximum or 'no limit'}",
        str(facts["port"]),
        addresses or "nothing",
    ]
