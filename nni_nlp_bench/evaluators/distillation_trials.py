"""Trial evaluator that trains a sentence classifier with a distillation loss."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import replace
from typing import Any

from nni_nlp_bench.evaluators.base import Report
from nni_nlp_bench.evaluators.classifier_trials import results_of, trained

WIDTH = 256


class DistillationTrialEvaluator:
    """Trains on labels and a distillation loss; the defaults are those of KD-NAS-EMD.

    A shorter training has fewer epochs or, with `--short data`, all epochs on a fraction of the
    sentences. With `--distill-when short`, only shorter trainings are distilled, as in MF-KD.
    """

    @classmethod
    def add_options(cls, parser: ArgumentParser) -> None:
        """Add options for data, teacher and training."""
        add = parser.add_argument
        add("--data", default="docstrings", help="name, file or folder of labelled sentences")
        add("--teacher", default="minilm-l6", help="name of a teacher, or its folder")
        add("--kd-loss", default="emd", help="name of a distillation loss")
        add("--kd-weight", type=float, help="of the distillation loss (default: that of the data)")
        add("--distill-when", choices=("always", "short"), default="always", help="which trainings")
        add("--short", choices=("epochs", "data"), default="epochs", help="what short ones lack")
        add("--full-epochs", type=int, default=15, help="length of a full training")
        add("--batch-size", type=int, default=64)
        add("--optimizer", choices=("adam", "sgd"), default="sgd")
        add("--learning-rate", type=float, default=0.025, help="at the start of a cosine")
        add("--weight-decay", type=float, default=3e-4)
        add("--width", type=int, help=f"width of all layers, where it is open: {WIDTH}")
        add("--max-length", type=int, default=64, help="tokens of a sentence")
        add("--dropout", type=float, default=0.2, help="of words and layers")
        add("--drop-path", type=float, help="of an edge, in spaces that have it")
        add("--seed", type=int, default=0)
        add("--device", default="cpu")

    def __init__(self, space: str, options: Namespace) -> None:
        from nni_nlp_bench.distillation.tokens import load_tokens
        from nni_nlp_bench.training.classification.settings import ClassifierSettings
        from nni_nlp_bench.training.classification.task import width_for

        self._space, self._options = space, options
        width = width_for(space, options.width, WIDTH)
        self._sizes: dict[str, Any] = {"dropout": options.dropout, **width}
        self._words = load_tokens(options.data, options.teacher)
        self._settings = ClassifierSettings(
            epochs=options.full_epochs,
            batch_size=options.batch_size,
            max_length=options.max_length,
            optimizer=options.optimizer,
            learning_rate=options.learning_rate,
            weight_decay=options.weight_decay,
            embedding_dropout=options.dropout,
            seed=options.seed,
        )

    def evaluate(self, architecture: Any, epochs: int | None, report: Report) -> dict[str, float]:
        """Train a classifier; return dev loss, dev accuracy, hours and epochs."""
        from nni_nlp_bench.distillation.distilled import distilled
        from nni_nlp_bench.training.classification.task import network_task
        from nni_nlp_bench.training.classification.words import subsample_train

        options, words, full = self._options, self._words, self._settings.epochs
        short = epochs is not None and epochs < full
        settings = replace(self._settings, epochs=epochs or full)
        if short and options.short == "data":
            words = subsample_train(words, settings.epochs / full, options.seed)
            settings = self._settings
        sizes = dict(self._sizes)
        if options.drop_path is not None:
            sizes["drop_path"] = options.drop_path
        task = network_task(
            self._space, architecture, words, settings, device=options.device, **sizes
        )
        if short or options.distill_when == "always":
            task = distilled(task, options.kd_loss, options.kd_weight)
        return results_of(trained(task, lambda curves: report(curves.dev_losses[-1])))
