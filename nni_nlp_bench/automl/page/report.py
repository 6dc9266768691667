"""Write the report of an AutoML run as one self-contained HTML file."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import numpy as np

from nni_nlp_bench.automl.evaluation import Evaluation
from nni_nlp_bench.automl.page import plots
from nni_nlp_bench.automl.result import AutoMLResult
from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.training.classification.classifier import f1_scores

TEMPLATE = "report.html.j2"
MAX_PLOTTED_LABELS = 20


@dataclass(frozen=True, slots=True)
class LabelRow:
    """Metrics of one label on the test set."""

    label: str
    texts: int
    precision: float
    recall: float
    f1: float


def write_report(path: Path, result: AutoMLResult) -> None:
    """Write the page atomically. Raises UserError if the file cannot be written."""
    with atomic_write(path) as new:
        new.write_text(render_html(result), "utf-8")


def render_html(result: AutoMLResult) -> str:
    """Return the page as HTML text."""
    from jinja2 import Environment, PackageLoader, PrefixLoader, StrictUndefined

    loaders = {
        "automl": PackageLoader("nni_nlp_bench.automl.page", "."),
        "reports": PackageLoader("nni_nlp_bench.reports.page", "."),
    }
    environment = Environment(
        loader=PrefixLoader(loaders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = lambda share: f"{100 * share:.1f}"
    size, latency = plots.accuracy_against_costs(result.scores)
    test = result.test
    shows_matrix = len(test.labels) <= MAX_PLOTTED_LABELS
    return environment.get_template(f"automl/{TEMPLATE}").render(
        result=result,
        rows=label_rows(test),
        size=size,
        latency=latency,
        matrix=plots.confusion_matrix(test.labels, test.confusion) if shows_matrix else None,
        version=version("nni-nlp-bench"),
    )


def label_rows(evaluation: Evaluation) -> list[LabelRow]:
    """Return the metrics of each label, the most frequent first."""
    confusion = evaluation.confusion
    hits, true, predicted = np.diagonal(confusion), confusion.sum(1), confusion.sum(0)
    f1s = f1_scores(confusion)
    rows = [
        LabelRow(
            label,
            int(true[i]),
            float(hits[i] / max(1, predicted[i])),
            float(hits[i] / max(1, true[i])),
            float(f1s[i]),
        )
        for i, label in enumerate(evaluation.labels)
    ]
    return sorted(rows, key=lambda row: -row.texts)
