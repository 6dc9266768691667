"""Real trainings as a benchmark: an architecture is trained when it is queried."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.base import Benchmark, BenchmarkError, Result
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.files import write_json
from nni_nlp_bench.core.parse_json import read_json
from search_spaces.base import SearchSpace

if TYPE_CHECKING:
    from nni_nlp_bench.training.classification.run import ClassifierCurves
    from nni_nlp_bench.training.classification.settings import ClassifierSettings
    from nni_nlp_bench.training.classification.task import Task
    from nni_nlp_bench.training.classification.words import EmbeddedDataset

MACRO_F1 = "macro_f1"
_CHECKPOINTS = "nni-nlp-bench-trainings-"
_SECONDS = "seconds.json"


class TrainingBenchmark(Benchmark):
    """Trains classifiers of labelled sentences; the loss is the dev error in points.

    A query of fewer epochs is the beginning of the full training, and a later query of more epochs
    resumes from its checkpoint. The time of a result is measured from the start of its query to its
    end, with the queries before that it resumed. The test set is not read.

    Args:
        words: Labelled sentences with vectors, or as the tokens of a teacher.
        space: A space of sentence classifiers.
        settings: Schedule of a full training; its epochs are those of the benchmark.
        options: Options of the space's networks, such as `width`.
        kd_loss: Distillation loss, if the words are a teacher's tokens; None for none.
        kd_weight: Weight of the distillation loss; None for the published one.
        device: Torch device.
        threads: Number of threads; None for one for a small network, else one per available CPU.
        progress: Called with the architecture, and the completed and requested epochs.
        clock: Measures the time of trainings in seconds; `time.process_time` if others share the
            machine.
        checkpoints: Folder for the checkpoints of paused trainings, which processes may share; None
            for a temporary one of this process.

    Raises:
        UserError: The space has no sentence classifiers, or an option does not apply to it.
    """

    def __init__(
        self,
        words: EmbeddedDataset,
        space: SearchSpace[Any],
        settings: ClassifierSettings,
        options: Mapping[str, Any] | None = None,
        *,
        kd_loss: str | None = None,
        kd_weight: float | None = None,
        device: str = "cpu",
        threads: int | None = None,
        progress: Callable[[Any, float, int], None] | None = None,
        clock: Callable[[], float] = time.perf_counter,
        checkpoints: Path | None = None,
    ) -> None:
        from nni_nlp_bench.training.classification.network import sentence_space

        known = sentence_space(space.name).classifier_options
        for name in options or {}:
            if name not in known:
                allowed = ", ".join(known)
                raise BenchmarkError(f"networks of {space.name} have no {name!r}, only {allowed}")
        name = f"{words.data.name}, trained"
        super().__init__(
            name, space.name, "val_loss", LossUnit.POINTS, settings.epochs, has_curves=True
        )
        self.words, self.settings, self.options = words, settings, dict(options or {})
        self.kd_loss, self.kd_weight = kd_loss, kd_weight
        self.device, self.threads, self.progress = device, threads, progress
        self.clock, self.checkpoints = clock, checkpoints
        self._space = space

    @property
    def space(self) -> SearchSpace[Any]:
        """The search space, with its own options."""
        return self._space

    @property
    def metrics(self) -> tuple[Objective, ...]:
        """The mean F1 of all labels."""
        return (Objective(MACRO_F1, direction="maximize"),)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of data, vectors, settings and options."""
        identity = {
            "data": self.words.data.digest,
            "vectors": self.words.source,
            "settings": asdict(self.settings),
            "options": self.options,
            "distillation": [self.kd_loss, self.kd_weight],
            "space": self.space_name,
        }
        return hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()

    def parameters(self, architecture: Any) -> int:
        """Return the number of parameters of the network, without the word embedding."""
        import torch

        with torch.device("meta"):
            network = self.task(architecture).network()
        return sum(weight.numel() for weight in network.parameters())

    def zero_cost_scorer(self, score: str) -> Callable[[Any], float] | None:
        """Return a zero-cost score on a batch of the texts, of the networks at their sizes.

        None for a space whose scores read a corpus. Raises UserError if the space has no such
        score.
        """
        from nni_nlp_bench.zero_cost.sentences.base import SENTENCE_SPACES
        from nni_nlp_bench.zero_cost.sentences.scoring import SampledTexts, SentenceScorer

        if self.space_name not in SENTENCE_SPACES:
            return None
        steps, seed = self.settings.max_length, self.settings.seed
        texts = SampledTexts(self.words, steps=steps, seed=seed)
        return SentenceScorer(score, self.space_name, texts, self.options)

    def task(self, architecture: Any, run: int = 0) -> Task:
        """Return the training of an architecture; each run has another seed. Raises UserError."""
        from nni_nlp_bench.distillation.inputs import classifier_task

        settings = {**asdict(self.settings), "seed": self.settings.seed + run}
        return classifier_task(
            architecture,
            self.words,
            self.space_name,
            {**self.options, **settings},
            kd_loss=self.kd_loss,
            kd_weight=self.kd_weight,
            device=self.device,
        )

    def query(self, architecture: Any, epoch: int | None = None, seed: int | None = None) -> Result:
        """Train an architecture; the result has its dev error. `seed` is the index of the run."""
        from nni_nlp_bench.training.classification.run import train_classifier

        until = self.epochs if epoch is None else epoch
        if not 1 <= until <= self.epochs:
            raise BenchmarkError(f"epoch must be between 1 and {self.epochs}, got {until}")
        start, task = self.clock(), self.task(architecture, seed or 0)
        folder = self._folder(architecture, seed or 0)
        pauses = until < self.epochs

        def show(epochs: float) -> None:
            if self.progress is not None:
                self.progress(architecture, epochs, until)

        curves = train_classifier(
            task,
            folder if pauses or folder.exists() else None,
            until=until,
            threads=self.threads,
            progress=show,
        )
        seconds = _paused_seconds(folder) + self.clock() - start
        if pauses:
            write_json(folder / _SECONDS, seconds)
        else:
            shutil.rmtree(folder, ignore_errors=True)
        return self._result(curves, seconds, seed)

    def _result(self, curves: ClassifierCurves, seconds: float, seed: int | None) -> Result:
        kept = max(0, curves.kept_epoch - 1)
        return Result(
            train_loss=None,
            val_loss=100 * (1 - curves.dev_accuracies[kept]),
            test_loss=None,
            wall_time_s=seconds,
            status=curves.status,
            epoch=curves.epochs,
            seed=seed,
            origin="measured",
            source=self.name,
            metrics={MACRO_F1: curves.dev_macro_f1s[kept]},
        )

    def _folder(self, architecture: Any, run: int) -> Path:
        folder = self.checkpoints or Path(self._temporary.name)
        return folder / f"{architecture.canonical_key}-{run}"

    @cached_property
    def _temporary(self) -> TemporaryDirectory[str]:
        return TemporaryDirectory(prefix=_CHECKPOINTS)

    @cached_property
    def _counts_parameters(self) -> bool:
        return True

    @cached_property
    def _records_times(self) -> bool:
        return True

    def __getstate__(self) -> dict[str, Any]:
        """Return the state for another process, which has a temporary folder of its own."""
        own = {"_temporary", "progress"}
        state = {name: value for name, value in vars(self).items() if name not in own}
        return {**state, "progress": None}


def _paused_seconds(folder: Path) -> float:
    """Return the seconds of a paused training; 0 for one that starts."""
    path = folder / _SECONDS
    return float(read_json(path)) if path.exists() else 0.0
