"""Exported models give the model's results, in code that does not import this package."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from forked import start_code
from in_process import run
from trained_models import CLASSIFIERS, LANGUAGE_MODELS, MAX_LENGTH, WINDOW

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.corpus import EOS
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.export.graphs import graph_of
from nni_nlp_bench.models.export.runtimes import FORMATS, TorchExport
from nni_nlp_bench.models.export.writing import TOLERANCE, export_model
from nni_nlp_bench.models.language import LanguageModel
from nni_nlp_bench.models.loading import load_classifier, load_model
from nni_nlp_bench.models.manifest import CARD

onnxruntime = pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")

Folders = Callable[[str], Path]
QUICK = ("cnn", "tfidf")
KINDS = [
    kind if kind in QUICK else pytest.param(kind, marks=pytest.mark.slow)
    for kind in (*CLASSIFIERS, *LANGUAGE_MODELS)
]
TEXT = "A text to classify."


def code_of(folder: Path) -> str:
    """The code in the model card."""
    card = (folder / CARD).read_text("utf-8")
    (found,) = re.findall(r"```python\n(.*?)```", card, re.DOTALL)
    return found


def printed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lines that the code of the model card prints, run in its folder without this package."""
    output = folder.with_suffix(".txt")
    with monkeypatch.context() as context:
        context.chdir(folder)
        process = start_code(code_of(folder), output)
    process.join()
    assert process.exitcode == 0, output.with_suffix(".err").read_text("utf-8")
    return output.read_text("utf-8").splitlines()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("format", FORMATS)
def test_the_code_of_its_card_gives_the_models_results(
    format: str, kind: str, saved: Folders, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = export_model(saved(kind), format, tmp_path / "new" / "folder")
    assert found.difference <= TOLERANCE
    assert set(found.files) == {path.name for path in found.folder.iterdir()}
    model = load_model(saved(kind))
    if kind in CLASSIFIERS:
        assert printed(found.folder, monkeypatch) == [model.predict([TEXT])[0].label]
    else:
        assert isinstance(model, LanguageModel)
        # Exported decoders have no memory of earlier windows.
        count = WINDOW if kind == "transformer_xl" else 10
        words = model.generate(n_words=count, temperature=0)
        shown = [word for word in printed(found.folder, monkeypatch)[:count] if word != EOS]
        assert shown == words.split()


def test_the_description_names_inputs_and_outputs(saved: Folders, tmp_path: Path) -> None:
    done = run("export", saved("cnn"), "--format", "onnx", "--out", tmp_path / "cnn")
    assert done.returncode == 0, done.stderr
    assert "largest difference from the model: " in done.stdout
    about = json.loads((tmp_path / "cnn" / "export.json").read_text("utf-8"))
    assert about["inputs"] == [{"name": "ids", "type": "int64", "shape": ["batch", "length"]}]
    assert about["outputs"] == ["logits"]
    assert (about["labels"], about["max_length"]) == (["bad", "fair", "good"], MAX_LENGTH)
    assert about["model"]["kind"] == "network"
    session = onnxruntime.InferenceSession(tmp_path / "cnn" / about["file"])
    shapes = [(each.name, each.shape) for each in (*session.get_inputs(), *session.get_outputs())]
    assert shapes == [("ids", ["batch", "length"]), ("logits", ["batch", 3])]


def test_safetensors_are_a_model_folder(saved: Folders, tmp_path: Path) -> None:
    found = export_model(saved("cnn"), "safetensors", tmp_path / "copy")
    assert found.difference == 0
    one, two = (load_classifier(folder) for folder in (saved("cnn"), tmp_path / "copy"))
    texts = ["w1 label0", "label2 w3"]
    np.testing.assert_array_equal(
        one.predict_probabilities(texts), two.predict_probabilities(texts)
    )


def test_counts_of_terms_give_the_probabilities_of_texts(saved: Folders) -> None:
    model = load_model(saved("tfidf"))
    assert isinstance(model, TextClassifier)
    terms = model.model.terms  # type: ignore[attr-defined]
    words = ["w1", "label0", "w1", "unknown"]
    pairs = [" ".join(pair) for pair in pairwise(words)]
    counts = torch.tensor([[float([*words, *pairs].count(term)) for term in terms]])
    logits = graph_of(model).module(torch.cat([counts, torch.zeros_like(counts)]))
    wanted = model.probabilities_of([words, ["unknown"]])
    np.testing.assert_allclose(logits.softmax(1).numpy(), wanted, atol=1e-6)


class _Wrong(TorchExport):
    """Writes another network than the model's."""

    def write(self, graph, path):  # type: ignore[no-untyped-def]
        with torch.no_grad():
            graph.module.model.network.linear.bias += 1
            super().write(graph, path)
            graph.module.model.network.linear.bias -= 1


class _Failing(TorchExport):
    def open(self, graph, path):  # type: ignore[no-untyped-def]
        def run(inputs):  # type: ignore[no-untyped-def]
            raise RuntimeError("no such operator")

        return run


@pytest.mark.parametrize(
    ("format", "message"),
    [
        (_Wrong(), "differs by .* from the model for inputs"),
        (_Failing(), "the exported network fails for inputs .*: no such operator"),
    ],
)
def test_another_result_is_an_error_and_nothing_is_left(
    format: TorchExport,
    message: str,
    saved: Folders,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(FORMATS, "torch-export", format)  # type: ignore[arg-type]
    with pytest.raises(UserError, match=message):
        export_model(saved("bag_of_vectors"), "torch-export", tmp_path / "new" / "out")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_exported_is_refused_in_one_line(saved: Folders, tmp_path: Path) -> None:
    used, file = tmp_path / "used", tmp_path / "file"
    used.mkdir()
    file.touch()
    (used / "notes.txt").touch()
    for folder, out, message in (
        (tmp_path, tmp_path / "out", "has no model"),
        (saved("cnn"), used, "is not an empty folder"),
        (saved("cnn"), file, "is not a folder"),
        (saved("cnn"), file / "out", "cannot write"),
    ):
        done = run("export", folder, "--format", "safetensors", "--out", out)
        assert (done.returncode, done.stdout) == (2, "")
        assert message in done.stderr
        assert len(done.stderr.splitlines()) == 1
    assert {path.name for path in tmp_path.iterdir()} == {"used", "file"}
    with pytest.raises(UserError, match="unknown format 'tf'; known: onnx"):
        export_model(saved("cnn"), "tf", tmp_path / "out")
