"""Latency, memory and size of trained models."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from in_process import run
from trained_models import CLASSIFIERS, LANGUAGE_MODELS, MAX_LENGTH

import nni_nlp_bench as nb
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.models.manifest import CARD

Folders = Callable[[str], Path]
FEW = nb.MeasureSettings(batches=(1, 3), lengths=(2, 5), repeats=2, warmup=1)


@pytest.mark.parametrize("kind", [*CLASSIFIERS, *LANGUAGE_MODELS])
def test_every_kind_is_measured(kind: str, saved: Folders) -> None:
    found = nb.measure_model(saved(kind), FEW)
    assert [(each.batch, each.length) for each in found.timings] == [(1, 2), (1, 5), (3, 2), (3, 5)]
    for each in found.timings:
        assert 0 < each.latency.low_ms <= each.latency.median_ms <= each.latency.high_ms
        assert (each.texts_per_second is None) == (kind in LANGUAGE_MODELS)
    assert 0 < found.parameters_without_embeddings <= found.parameters
    assert (found.parameters_without_embeddings == found.parameters) == (kind == "tfidf")
    files = [path for path in saved(kind).iterdir() if path.name != CARD]
    assert found.size_bytes == sum(path.stat().st_size for path in files)
    if found.peak_memory_bytes is not None:  # torch alone takes more
        assert 10**8 < found.peak_memory_bytes < 10**11


def test_parameters_without_the_vectors_of_words(saved: Folders) -> None:
    model = nb.load_model(saved("bag_of_vectors"))
    found = nb.measure_model(model, FEW)
    words, vectors = model.model.embedding.weight.shape
    assert found.parameters_without_embeddings == (vectors + 1) * len(model.labels)
    assert found.parameters - found.parameters_without_embeddings == words * vectors
    assert found.size_bytes is None


def test_the_command_prints_a_table_or_json(saved: Folders) -> None:
    options = ("--batch", "2,1,2", "--repeats", 2, "--warmup", 1)
    done = run("measure", saved("cnn"), *options)
    assert done.returncode == 0, done.stderr
    assert "texts/s" in done.stdout
    assert "2 runs each, threads: 1" in done.stdout
    shown = json.loads(run("measure", saved("cnn"), *options, "--json").stdout)
    shapes = [(each["batch"], each["length"]) for each in shown["timings"]]
    assert shapes == [(2, MAX_LENGTH), (1, MAX_LENGTH)]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--batch", "1,x"), "--batch: 'x' is not a number"),
        (("--batch", "0"), "batches must be numbers of at least 1"),
        (("--length", "7"), "reads at most 6 words of a text, got length 7"),
        (("--batch", "1000000", "--length", "6"), "at most 1,000,000 words at a time"),
        (("--threads", "1000"), "threads must be between 1 and"),
    ],
)
def test_wrong_options_are_refused(options: tuple[str, ...], message: str, saved: Folders) -> None:
    done = run("measure", saved("cnn"), *options)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no model"):
        nb.measure_model(tmp_path)
