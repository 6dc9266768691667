"""Result of an AutoML run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.automl.candidates import ENCODER
from nni_nlp_bench.automl.evaluation import Evaluation
from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.automl.settings import AutoMLSettings
from nni_nlp_bench.core.files import write_csv, write_json
from nni_nlp_bench.data.sentences.report import DataReport

if TYPE_CHECKING:
    import pandas as pd

    from nni_nlp_bench.models.base import TextClassifier

LEADERBOARD, RESULT, REPORT = "leaderboard.csv", "result.json", "report.html"


@dataclass(frozen=True)
class AutoMLResult:
    """Result of an AutoML run.

    Attributes:
        folder: Output folder.
        settings: Settings of the run.
        report: What the data holds.
        sizes: Number of texts by part that were trained and evaluated on.
        scores: Scores of all candidates on the dev set, the chosen one first.
        test: Evaluation of the chosen model on the test set.
        baseline: Name of the best baseline on the dev set, and its evaluation on the test set.
        seconds: Time of the run.
        failed: Reason by candidate whose training failed.
    """

    folder: Path
    settings: AutoMLSettings
    report: DataReport
    sizes: Mapping[str, int]
    scores: tuple[Score, ...]
    test: Evaluation
    baseline: tuple[str, Evaluation]
    seconds: float
    failed: Mapping[str, str]

    @property
    def best(self) -> Score:
        """Score of the chosen model."""
        return self.scores[0]

    @property
    def left_out(self) -> tuple[str, ...]:
        """The encoder and the spaces for which the time was not enough."""
        encoder = () if self.settings.encoder is None else (ENCODER,)
        done = {score.name for score in self.scores} | {*self.failed}
        return tuple(name for name in (*encoder, *self.settings.spaces) if name not in done)

    @property
    def model(self) -> TextClassifier:
        """The chosen model."""
        from nni_nlp_bench.models.loading import load_classifier

        return load_classifier(self.folder)

    @property
    def leaderboard(self) -> pd.DataFrame:
        """One row per candidate, the chosen one first, with the fields of `Score`."""
        import pandas as pd

        return pd.DataFrame([score.to_dict() for score in self.scores]).set_index("name")

    def to_dict(self) -> dict[str, Any]:
        """Return plain values."""
        name, baseline = self.baseline
        return {
            "best": self.best.name,
            "test": self.test.to_dict(),
            "baseline": {"name": name, "test": baseline.to_dict()},
            "leaderboard": [score.to_dict() for score in self.scores],
            "failed": dict(self.failed),
            "left_out": [*self.left_out],
            "seconds": self.seconds,
            "settings": asdict(self.settings),
            "data": self.report.to_dict(),
            "sizes": dict(self.sizes),
        }

    def data_lines(self) -> list[str]:
        """Return the report on the data as lines of text."""
        used = ", ".join(f"{part} {count:,}" for part, count in self.sizes.items())
        return [*self.report.lines(), f"used: {used}"]

    def save(self) -> None:
        """Write leaderboard.csv and result.json. Raises UserError."""
        columns = [field.name for field in fields(Score)]
        rows = (score.to_dict() for score in self.scores)
        write_csv(self.folder / LEADERBOARD, columns, rows)
        write_json(self.folder / RESULT, self.to_dict())
