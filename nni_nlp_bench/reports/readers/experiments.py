"""Read an experiment by id, folder or URL."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import exists, is_folder
from nni_nlp_bench.reports.files import TRIALS
from nni_nlp_bench.reports.readers.comparison_folder import read_comparison
from nni_nlp_bench.reports.readers.nni_database import DATABASE, experiment_folder, read_database
from nni_nlp_bench.reports.readers.nni_rest import read_rest
from nni_nlp_bench.reports.readers.nni_searches import read_searches
from nni_nlp_bench.reports.readers.source import SearchSource


def read(place: str) -> SearchSource:
    """Return the searches of an NNI experiment or an output folder.

    Args:
        place: Id of an NNI experiment on this machine, URL of its running manager, folder of an
            experiment, or output folder of `compare`, `search` or `study`.

    Raises:
        UserError: there are no searches, or they cannot be read.
    """
    if place.startswith(("http://", "https://")):
        return read_searches(read_rest(place))
    folder = Path(place)
    if not is_folder(folder):
        return read_searches(read_database(experiment_folder(place)))
    if exists(folder / DATABASE):
        return read_searches(read_database(folder))
    if exists(folder / TRIALS) or exists(folder / "settings.json"):
        return read_comparison(folder)
    raise UserError(
        f"{place} has no searches: give an NNI experiment (with {DATABASE}) or the output folder "
        f"of compare (with {TRIALS})"
    )


def read_all(places: Sequence[str]) -> list[SearchSource]:
    """Read several experiments or folders; duplicates are ignored. As `read`."""
    return list({source.name: source for source in map(read, places)}.values())
