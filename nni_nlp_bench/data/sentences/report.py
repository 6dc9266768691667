"""Report on labelled data: sizes, labels, lengths and duplicates."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from nni_nlp_bench.core.printable import printable
from nni_nlp_bench.data.sentences.duplicates import Duplicates, RepeatedTexts
from nni_nlp_bench.data.sentences.labelled_set import PARTS, LabelledSet
from nni_nlp_bench.data.sentences.tables.columns import ColumnNames

SHOWN_LABELS = 20
MAX_LABEL_CHARACTERS = 40


@dataclass(frozen=True, slots=True)
class Lengths:
    """Lengths of the texts of all parts, in words."""

    median: float
    percentile_95: float
    longest: int

    @classmethod
    def of(cls, data: LabelledSet) -> Lengths:
        """Measure the texts of a labelled set."""
        lengths = [len(words) for part in data.parts().values() for words, _ in part]
        median, high = np.percentile(lengths, [50, 95])
        return cls(float(median), float(high), max(lengths))


@dataclass(frozen=True, slots=True)
class DataReport:
    """What a source of labelled texts holds, and what was done with its rows."""

    source: str
    rows: int
    """Rows that were read, with those that are left out."""
    skipped: int
    """Rows without text or label, which are left out."""
    removed: int
    """Rows of train that are left out, since their text is in dev or test."""
    columns: ColumnNames | None
    """None if the source has no columns."""
    seed: int | None
    """Seed of the split; None if the source has its own parts."""
    counts: Mapping[str, Mapping[str, int]]
    """Number of rows by part and label, after the removal."""
    lengths: Lengths
    duplicates: Duplicates
    """Before the removal."""

    def to_dict(self) -> dict[str, Any]:
        """Return the report as values of JSON."""
        return asdict(self)

    def lines(self) -> list[str]:
        """Return the report as lines of text, to be printed with a fixed-width font."""
        return [*self._head(), *self._table(), *self._notes()]

    def _head(self) -> Iterator[str]:
        left_out = (
            f", of which {self.skipped:,} without text or label are left out"
            if self.skipped
            else ""
        )
        yield f"{printable(self.source)}: {self.rows:,} rows{left_out}"
        if self.columns is not None:
            pair = f", second text {self.columns.pair!r}" if self.columns.pair else ""
            yield f"columns: text {self.columns.text!r}{pair}, label {self.columns.label!r}"
        if self.seed is None:
            yield "split: the parts of the source"
        else:
            yield f"split: 80/10/10 by label, seed {self.seed}; equal texts are in one part"
        yield (
            f"words per text: median {self.lengths.median:.0f}, 95th percentile "
            f"{self.lengths.percentile_95:.0f}, maximum {self.lengths.longest:,}"
        )

    def _table(self) -> Iterator[str]:
        """Yield the rows by label and part, for the most frequent labels of train."""
        train = self.counts["train"]
        labels = sorted(train, key=lambda label: -train[label])[:SHOWN_LABELS]
        shown = [printable(label)[:MAX_LABEL_CHARACTERS] for label in labels]
        width = max(map(len, (*shown, "label")))
        yield f"{'label':{width}}" + "".join(f"{part:>10}" for part in PARTS)
        for label, name in zip(labels, shown, strict=True):
            own = "".join(f"{self.counts[part][label]:>10,}" for part in PARTS)
            yield f"{name:{width}}{own}"
        if hidden := len(train) - len(labels):
            yield f"and {hidden:,} more labels"
        total = "".join(f"{sum(self.counts[part].values()):>10,}" for part in PARTS)
        yield f"{'total':{width}}{total}"

    def _notes(self) -> Iterator[str]:
        if any(self.duplicates.within.values()):
            within = ", ".join(f"{n:,} in {part}" for part, n in self.duplicates.within.items())
            yield f"duplicate rows: {within}"
        for parts, texts in self.duplicates.between.items():
            if texts.count:
                yield f"texts in both {' and '.join(parts.split('-'))}: {_shown(texts)}"
        if self.removed:
            yield f"removed from train: {self.removed:,} rows whose text is in dev or test"
        if (conflicts := self.duplicates.conflicts).count:
            kept = "" if self.seed is None else ", kept in train"
            yield f"texts with several labels{kept}: {_shown(conflicts)}"


def count_labels(data: LabelledSet) -> dict[str, dict[str, int]]:
    """Return the number of rows by part and label."""
    counts = {part: Counter(s.label for s in rows) for part, rows in data.parts().items()}
    return {
        part: {label: own[number] for number, label in enumerate(data.labels)}
        for part, own in counts.items()
    }


def _shown(texts: RepeatedTexts) -> str:
    return f"{texts.count:,}, such as {'; '.join(map(repr, texts.examples))}"
