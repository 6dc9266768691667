"""`list`: what there is, by name."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.cli import options


def list_parts(json: options.Json = False) -> None:
    """List the search spaces and benchmarks."""
    from nni_nlp_bench.cli.output import plain_table, print_json, print_tables

    spaces, benchmarks = _spaces(), _benchmarks()
    if json:
        print_json({"spaces": spaces, "benchmarks": benchmarks})
        return
    results = [
        [b["name"], "yes" if b["at_hand"] else "no", b["licence"], b["description"]]
        for b in benchmarks
    ]
    print_tables(
        plain_table(
            "Search spaces", ("name", "description"), [[*space.values()] for space in spaces]
        ),
        plain_table("Benchmarks", ("name", "at hand", "licence", "description"), results),
    )


def _spaces() -> list[dict[str, str]]:
    from search_spaces.base import SPACES

    summaries = {name: (SPACES.get(name).__doc__ or "").partition("\n")[0] for name in SPACES}
    return [{"name": name, "description": summary} for name, summary in summaries.items()]


def _benchmarks() -> list[dict[str, Any]]:
    from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS

    entries = [BENCHMARKS.get(name) for name in BENCHMARKS]
    return [
        {
            "name": entry.name,
            "space": entry.space,
            "at_hand": entry.at_hand,
            "licence": entry.licence,
            "description": entry.description,
            "citation": entry.citation,
        }
        for entry in entries
    ]
