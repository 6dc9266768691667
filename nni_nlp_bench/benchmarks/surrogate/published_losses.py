"""Published losses that the packaged surrogates are fitted to."""

from __future__ import annotations

import csv
import gzip
from pathlib import Path
from typing import IO

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.benchmarks.base import BenchmarkError
from search_spaces.rnn_cell import Recipe

PTB = {
    "name": "nas-bench-nlp/ptb-surrogate-v2",
    "version": 2,
    "dataset": "Penn Treebank (Mikolov's preprocessing)",
    "target": "mean test loss after epoch 50 over the runs that stayed finite",
    "units": {
        "loss": "nats per token, lower is better",
        "std": "nats per token; loss +- 1.645 std covers 90 % of unseen cells",
        "seconds_per_epoch": "seconds, from WikiText-2 logs scaled by the number of tokens",
        "divergence": "probability that a run ends without a finite loss",
    },
    "licence": "losses CC BY 4.0; recipes Apache-2.0",
    "citation": (
        "losses: Serianni & Kalita, Training-free Neural Architecture Search for RNNs and "
        "Transformers, ACL 2023; recipes: Klyuchnikov et al., NAS-Bench-NLP, IEEE Access 2022, "
        "arXiv 2006.07116"
    ),
    "made_by": (
        "python -m nni_nlp_bench.benchmarks.surrogate.fit --table ptb_multi_run.csv.gz --out DIR"
    ),
    "weight_drop": "release: recurrent matrices stay at random",
}

WIKITEXT_2 = {
    "name": "nas-bench-nlp/wikitext-2-surrogate-v1",
    "version": 1,
    "dataset": "WikiText-2",
    "target": "mean training, validation and test loss after every epoch over the complete runs",
    "units": {
        "loss": "nats per token, lower is better",
        "std": "nats per token of the validation loss; +- 1.645 std covers 90 % of unseen cells",
        "seconds_per_epoch": "seconds",
        "divergence": "probability that a run ends without a finite loss, from Penn Treebank",
    },
    "licence": "logs Apache-2.0; losses on Penn Treebank CC BY 4.0",
    "citation": (
        "logs and recipes: Klyuchnikov et al., NAS-Bench-NLP, IEEE Access 2022, arXiv 2006.07116; "
        "losses on Penn Treebank: Serianni & Kalita, Training-free Neural Architecture Search for "
        "RNNs and Transformers, ACL 2023"
    ),
    "made_by": (
        "python -m nni_nlp_bench.benchmarks.surrogate.curve_fit "
        "--curves nas-bench-nlp/wikitext-2 --losses ptb_multi_run.csv.gz --out DIR"
    ),
}


def read_losses(path: Path) -> tuple[list[Recipe], NDArray[np.float64]]:
    """Read recipes and test losses of a CSV file (also .gz); an empty loss is NaN (diverged).

    Raises BenchmarkError if the file is damaged or lacks the columns `recipe` or `test_loss`.
    """
    try:
        with _opened(path) as file:
            rows = [(row["recipe"], row["test_loss"]) for row in csv.DictReader(file)]
        losses = np.array([float(loss or "nan") for _, loss in rows])
    except KeyError as error:
        raise BenchmarkError(f"{path} has no column {error}: it needs recipe, test_loss") from None
    except (OSError, EOFError, ValueError, csv.Error) as error:
        raise BenchmarkError(f"{path} is not a table of losses: {error}") from None
    texts = {text: Recipe.from_json(text) for text, _ in rows}
    return [texts[text] for text, _ in rows], losses


def _opened(path: Path) -> IO[str]:
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")
