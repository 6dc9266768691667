"""Read an experiment, wherever it is: by id, folder or address."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.reports.files import TRIALS
from nni_nlp_bench.reports.readers.comparison_folder import read_comparison
from nni_nlp_bench.reports.readers.nni_database import DATABASE, experiment_folder, read_database
from nni_nlp_bench.reports.readers.nni_rest import read_rest
from nni_nlp_bench.reports.readers.nni_searches import searches_of
from nni_nlp_bench.reports.readers.readings import SearchSource


def read(place: str) -> SearchSource:
    """What an experiment's id, a folder, or the address of a running manager holds.

    Raises UserError.
    """
    if place.startswith(("http://", "https://")):
        return searches_of(read_rest(place))
    folder = Path(place)
    if not folder.is_dir():
        return searches_of(read_database(experiment_folder(place)))
    if (folder / DATABASE).is_file():
        return searches_of(read_database(folder))
    if (folder / TRIALS).is_file() or (folder / "settings.json").is_file():
        return read_comparison(folder)
    raise UserError(
        f"{place} holds no searches: give an NNI experiment (with {DATABASE}) or what compare "
        f"wrote (with {TRIALS})"
    )


def read_all(places: Sequence[str]) -> list[SearchSource]:
    """Every place once: an experiment that is named twice counts once. Raises UserError."""
    return list({reading.name: reading for reading in map(read, places)}.values())
