"""Trial evaluator that trains the language model of a cell."""

from __future__ import annotations

import math
from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.evaluators.base import Report, TrainingFailedError

if TYPE_CHECKING:
    from nni_nlp_bench.training.log import Curves
    from nni_nlp_bench.training.settings import Settings

BATCH_SIZE, LEARNING_RATE = 20, 0.01


class CellTrials:
    """Trains the language model of a cell and reports the validation loss of every epoch."""

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options for corpus and training; the defaults train a small model in seconds."""
        from nni_nlp_bench.training.settings import DROPOUTS

        add = parser.add_argument_group("cells").add_argument
        add("--corpus", default="pydoc-small", help="name of a corpus, or its folder")
        add("--embedding", type=int, default=64, help="width of the embedding and the last layer")
        add("--hidden", type=int, default=64, help="width of the other layers")
        add("--layers", type=int, default=1)
        add("--dropouts", choices=list(DROPOUTS), default="none", help="those of a publication")
        add("--weight-drop", choices=("release", "trained"), default="trained")
        add("--bptt", type=int, default=35, help="mean steps of a window")

    def __init__(self, space: str, options: Namespace) -> None:
        from nni_nlp_bench.data.corpora import load_corpus
        from nni_nlp_bench.training.cells import cell_space

        cell_space(space)
        self._corpus = load_corpus(options.corpus)
        self._settings = _settings(options)
        self._device: str = options.device

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Train a cell; return validation loss, perplexity, hours and epochs."""
        from nni_nlp_bench.training.memory import disable_malloc_trim
        from nni_nlp_bench.training.run import train

        disable_malloc_trim()
        settings = replace(self._settings, epochs=epochs or self._settings.epochs)

        def epoch_done(curves: Curves) -> None:
            if math.isfinite(curves.val_losses[-1]):
                report(curves.val_losses[-1])

        curves = train(
            architecture, self._corpus, settings, device=self._device, epoch_done=epoch_done
        )
        if curves.status != "OK":
            raise TrainingFailedError(f"the training failed: {curves.status}")
        return {
            "default": curves.val_losses[-1],
            "perplexity": LossUnit.NATS.to_metric(curves.val_losses[-1]),
            "test_perplexity": LossUnit.NATS.to_metric(curves.test_losses[-1]),
            "hours": sum(curves.wall_times) / 3600,
            "epochs": curves.epochs,
            "predicted": 0,
        }


def _settings(options: Namespace) -> Settings:
    from nni_nlp_bench.training.settings import DROPOUTS, Settings, Sizes

    return Settings(
        epochs=options.full_epochs,
        sizes=Sizes(options.embedding, options.hidden, options.layers),
        dropouts=DROPOUTS[options.dropouts],
        weight_drop=options.weight_drop,
        batch_size=options.batch_size or BATCH_SIZE,
        bptt=options.bptt,
        learning_rate=options.learning_rate or LEARNING_RATE,
        seed=options.seed,
    )
