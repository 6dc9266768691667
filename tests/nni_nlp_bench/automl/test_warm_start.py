"""The search of an AutoML run that begins with the best of ten architectures by a score."""

from __future__ import annotations

import json
from base64 import b85decode
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nni_nlp_bench.automl.journal import RunJournal
from nni_nlp_bench.automl.search import search_space
from nni_nlp_bench.automl.training import CandidateTrainer
from nni_nlp_bench.data.sentences.preparation import prepare_labelled
from nni_nlp_bench.evaluators.trial import unpack
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from search_spaces.registry import get_space

SPACE = get_space("emd_cell")
HOUR_S = 3600.0
"""Enough for two trainings on any machine."""


class InterruptedSearchError(Exception):
    """Ends a search after some trials."""


def search(words: EmbeddedDataset, folder: Path, trials: int) -> list[str]:
    """Search until so many architectures were trained, and return the keys of the log."""

    def progress(what: str, share: float) -> None:
        if what.startswith(f"emd_cell: architecture {trials}, best"):
            raise InterruptedSearchError

    journal = RunJournal(folder, HOUR_S)
    trainer = CandidateTrainer(folder, journal, 0, "cpu", 1, progress)
    with pytest.raises(InterruptedSearchError):
        search_space(trainer, "emd_cell", words, ("random", "num_params"), 8, HOUR_S)
    journal.close()
    lines = map(json.loads, (folder / "search-emd_cell.jsonl").read_text("utf-8").splitlines())
    packed = [line["arch"] for line in lines if "arch" in line]
    return [SPACE.parse(unpack(b85decode(each))).canonical_key for each in packed]


def test_a_search_begins_with_the_best_of_ten_and_goes_on_so(reviews: Path, tmp_path: Path) -> None:
    data = prepare_labelled(str(reviews), label="stars").data
    words = EmbeddedDataset.of(data, width=8)
    space: Any = SPACE
    rng, wanted = np.random.default_rng(0), []
    for _ in range(2):
        ten = [SPACE.sample(rng) for _ in range(10)]
        size = {"vectors": 8, "width": 96, "cells": 2, "classes": 2}
        best = max(ten, key=lambda cell: space.parameters(cell, size))
        wanted.append(best.canonical_key)
    assert search(words, tmp_path, 1) == wanted[:1]
    assert search(words, tmp_path, 2) == wanted
