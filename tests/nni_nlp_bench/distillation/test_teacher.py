"""Loading of teachers from folders, complete and damaged."""

from __future__ import annotations

import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from shutil import copytree
from typing import Any

import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.distillation.loading import load_teacher
from nni_nlp_bench.distillation.tokens import Tokens, teacher_words

WORDS = [("w1", "low"), ("w2",), ("w1", "w3", "w4", "strange")]
DATA = LabelledSet.of("synthetic", ("a", "b"), {
    "train": [Sentence(WORDS[0], 0), Sentence(WORDS[2], 1)],
    "dev": [Sentence(WORDS[1], 1)],
    "test": [Sentence(("w9",), 0)],
})  # fmt: skip


def test_a_teacher_has_a_shape_and_metadata(teacher_folder: Path) -> None:
    teacher = load_teacher(str(teacher_folder))
    assert (teacher.layers, teacher.width, teacher.max_length) == (3, 16, 16)
    assert teacher.labels is None
    assert teacher.fine_tuned_on is None
    assert load_teacher(str(teacher_folder), ("a", "b")).labels == ("a", "b")


def test_the_digest_is_that_of_the_weights(teacher_folder: Path) -> None:
    one, two = (load_teacher(str(teacher_folder)) for _ in range(2))
    with torch.no_grad():
        two.model.get_input_embeddings().weight[7, 3] += 1e-3
    assert one.digest == load_teacher(str(teacher_folder)).digest != two.digest


def test_tokens_are_those_that_occur(teacher_folder: Path, tmp_path: Path) -> None:
    teacher = load_teacher(str(teacher_folder))
    tokens = Tokens.of(DATA, teacher)
    numbers = tokens.numbers(WORDS, 99)
    ids = teacher.ids(WORDS, 99)
    assert [tokens.to_teacher_ids(row).tolist() for row in numbers] == ids
    assert all((row > 0).all() and (row < len(tokens)).all() for row in numbers)
    start, end = teacher.tokenizer.cls_token_id, teacher.tokenizer.sep_token_id
    cut = tokens.numbers(WORDS, 3)
    assert [len(row) for row in cut] == [3, 3, 3]
    assert all(tokens.to_teacher_ids(row)[[0, -1]].tolist() == [start, end] for row in cut)
    tokens.save(tmp_path / "words.txt")
    saved = (tmp_path / "words.txt").read_text("utf-8").split("\n")[:-1]
    assert len(saved) == len(tokens)
    assert saved[0] == "<pad>"
    assert saved[int(numbers[0][1])] == "w1"


def test_words_start_with_the_teachers_vectors(teacher_folder: Path) -> None:
    teacher = load_teacher(str(teacher_folder))
    words = teacher_words(DATA, teacher)
    row = words.vocabulary.numbers(WORDS, 99)[0]
    theirs = teacher.model.get_input_embeddings().weight[teacher.ids(WORDS, 99)[0]]
    assert torch.equal(torch.from_numpy(words.matrix[row]), theirs)
    assert not words.matrix[0].any()
    assert teacher.digest[:16] in words.source


@pytest.mark.parametrize("name", ["/no/such/folder", "./a/b/c", __file__])
def test_a_missing_folder_is_named(name: str) -> None:
    with pytest.raises(UserError, match=r"no such folder; create one with `nni-nlp-bench teacher`"):
        load_teacher(name)


def test_a_name_that_no_hub_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UserError, match="teacher no-such-model cannot be read") as error:
        load_teacher("no-such-model")
    assert "\n" not in str(error.value)


def config(**fields: Any) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        path = folder / "config.json"
        path.write_text(json.dumps(json.loads(path.read_text("utf-8")) | fields), "utf-8")

    return change


def without(*names: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink(missing_ok=True)

    return change


def cut(name: str, size: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return change


def write(name: str, text: str) -> Callable[[Path], None]:
    return lambda folder: bool((folder / name).write_text(text, "utf-8"))  # type: ignore[return-value]


FAULTS: dict[str, tuple[Callable[[Path], None], str]] = {
    "wider": (config(hidden_size=32), "does not fit its config.json"),
    "no multiple of its heads": (config(hidden_size=17), "cannot be read"),
    "more layers": (config(num_hidden_layers=5), "its weights lack"),
    "fewer layers": (config(num_hidden_layers=2), "does not fit its config.json"),
    "width of text": (config(hidden_size="x"), "cannot be read"),
    "unknown kind": (config(model_type="nonsense"), "cannot be read"),
    "no config": (without("config.json"), "cannot be read"),
    "no weights": (without("model.safetensors"), "cannot be read"),
    "no tokenizer": (
        without("tokenizer.json", "tokenizer_config.json", "vocab.txt"),
        "has no tokenizer",
    ),
    "half the weights": (cut("model.safetensors", 900), "cannot be read"),
    "empty weights": (cut("model.safetensors", 0), "cannot be read"),
    "half a tokenizer": (cut("tokenizer.json", 300), "cannot be read"),
    "half a config": (cut("config.json", 30), "cannot be read"),
    "fewer vectors than tokens": (config(vocab_size=9), "does not fit its config.json"),
    "half a fine-tuning": (write("teacher.json", "{"), "is not valid JSON .*: delete it"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_damaged_teacher_gives_one_line(fault: str, teacher_folder: Path, tmp_path: Path) -> None:
    change, reason = FAULTS[fault]
    folder = tmp_path / "teacher"
    copytree(teacher_folder, folder)
    change(folder)
    with pytest.raises(UserError, match=reason) as error:
        load_teacher(str(folder))
    assert str(folder) in str(error.value)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200 + len(str(folder))


def test_code_of_a_teacher_is_not_run(
    teacher_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even if the user presses the key that transformers would ask for."""
    monkeypatch.setattr("transformers.dynamic_module_utils.HF_MODULES_CACHE", str(tmp_path / "hf"))
    monkeypatch.setattr("sys.stdin", StringIO("y\n" * 9))
    copied, marker = copytree(teacher_folder, tmp_path / "copied"), tmp_path / "marker"
    config(model_type="own", auto_map={"AutoConfig": "own.Own"})(copied)
    (copied / "own.py").write_text(f"open({str(marker)!r}, 'w')\nclass Own: pass\n")
    with pytest.raises(UserError, match=r"cannot be read: .*custom code"):
        load_teacher(str(copied))
    assert not marker.exists()
