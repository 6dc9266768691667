"""Labelled data of a user, prepared for training: read, split and described."""

from __future__ import annotations

from dataclasses import dataclass

from nni_nlp_bench.data.sentences.duplicates import find_duplicates, without_leaks
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.report import DataReport, Lengths, count_labels
from nni_nlp_bench.data.sentences.sets import load_source
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames


@dataclass(frozen=True, slots=True)
class PreparedData:
    """A labelled set, and the report on its source."""

    data: LabelledSet
    report: DataReport


def prepare_labelled(
    source: str,
    *,
    text: str | None = None,
    label: str | None = None,
    pair: str | None = None,
    seed: int = 0,
    remove_leaks: bool = False,
) -> PreparedData:
    """Load labelled texts, split them where the source has no parts, and describe them.

    A single file, and a set of the library `datasets` that has only the split `train`, is split
    as `split_labelled` describes. Other sources keep their parts; texts that are in several of
    them are reported.

    Args:
        source: Name of a labelled set, `datasets:NAME`, a folder with train, dev and test, or a
            file: .csv, .tsv, .jsonl, .ndjson (also .gz) or .parquet.
        text: Column of the text; None to find it.
        label: Column of the label; None to find it.
        pair: Column of the second text of sentence pairs; None if there is none.
        seed: Seed of the split.
        remove_leaks: Whether to remove from train the texts that are in dev or test.

    Returns:
        The labelled set with the report.

    Raises:
        UserError: The source is unknown or damaged, its columns cannot be told, or it cannot be
            split; the message names the remedy.

    Example:
        >>> prepared = prepare_labelled("docstrings")
        >>> prepared.report.columns is None
        True
    """
    loaded = load_source(source, ColumnNames(text, label, pair), seed)
    data = without_leaks(loaded.data) if remove_leaks else loaded.data
    sizes = [sum(map(len, given.parts().values())) for given in (loaded.data, data)]
    report = DataReport(
        source=source,
        rows=sizes[0] + loaded.skipped,
        skipped=loaded.skipped,
        removed=sizes[0] - sizes[1],
        columns=loaded.columns,
        seed=loaded.seed,
        counts=count_labels(data),
        lengths=Lengths.of(data),
        duplicates=find_duplicates(loaded.data),
    )
    return PreparedData(data, report)
