"""Log of an AutoML run on disk, from which an interrupted run is resumed, and its clock."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from typing import Any

from nni_nlp_bench.automl.scores import Score
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.evaluators.json_lines import JsonLines
from nni_nlp_bench.training.classification.plan import TrainingPlan

JOURNAL = "automl.jsonl"


class RunJournal:
    """Plans and scores of the candidates, with the time that was used before.

    Threads may log at the same time.

    Args:
        folder: Output folder of the run.
        time_s: Seconds that the run may take, with its earlier sessions.

    Raises:
        UserError: The log is damaged or cannot be read.
    """

    def __init__(self, folder: Path, time_s: float) -> None:
        self._log = JsonLines(folder / JOURNAL)
        self._time_s = time_s
        self._start = time.monotonic()
        self._lock = Lock()
        self.plans: dict[str, TrainingPlan] = {}
        self.scores: dict[str, Score] = {}
        self.failures: dict[str, str] = {}
        self.notes: dict[str, Any] = {}
        self._before = 0.0
        for number, line in enumerate(self._log.lines, start=1):
            try:
                self._read(line)
            except (KeyError, TypeError):
                raise UserError(
                    f"{self._log.path}, line {number}, is damaged: choose another --out"
                ) from None

    def _read(self, line: Mapping[str, Any]) -> None:
        name, event = str(line["candidate"]), line["event"]
        self._before = float(line["elapsed_s"])
        if event == "plan":
            self.plans[name] = TrainingPlan.from_dict(line["values"])
        elif event == "score":
            self.scores[name] = Score(**line["values"])
        elif event == "failure":
            self.failures[name] = str(line["values"])
        else:
            self.notes[name] = line["values"]

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start, with those of earlier sessions up to their last entry."""
        return self._before + time.monotonic() - self._start

    @property
    def left_s(self) -> float:
        """Seconds that are left, at least 0."""
        return max(0.0, self._time_s - self.elapsed_s)

    def record_plan(self, name: str, plan: TrainingPlan) -> None:
        """Log the plan of a training before it starts."""
        self.plans[name] = plan
        self._append("plan", name, plan.to_dict())

    def record_score(self, score: Score) -> None:
        """Log the score of a candidate whose model is saved."""
        self.scores[score.name] = score
        self._append("score", score.name, score.to_dict())

    def record_failure(self, name: str, reason: str) -> None:
        """Log that the training of a candidate failed."""
        self.failures[name] = reason
        self._append("failure", name, reason)

    def record_note(self, name: str, values: Any) -> None:
        """Log another value that a resumed run needs."""
        self.notes[name] = values
        self._append("note", name, values)

    def _append(self, event: str, name: str, values: Any) -> None:
        with self._lock:
            elapsed = round(self.elapsed_s, 3)
            self._log.append(
                {"event": event, "candidate": name, "values": values, "elapsed_s": elapsed}
            )

    def close(self) -> None:
        """Close the file."""
        self._log.close()
