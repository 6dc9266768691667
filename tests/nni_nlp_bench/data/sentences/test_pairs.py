"""Pairs of sentences as labelled sets, and as a teacher's tokens."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import SEPARATOR
from nni_nlp_bench.data.sentences.pairs import MRPC_FILES, RTE_FILES, mrpc, rte
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from nni_nlp_bench.data.words import tokenize
from nni_nlp_bench.distillation.loading import load_teacher


def write_mrpc(folder: Path, *rows: str) -> None:
    head = "Quality\t#1 ID\t#2 ID\t#1 String\t#2 String"
    for file in MRPC_FILES:
        (folder / file).write_text("\n".join([head, *rows]) + "\n", "utf-8")


def test_a_pair_is_one_sequence_with_a_mark(tmp_path: Path) -> None:
    write_mrpc(tmp_path, "1\t7\t8\tA day.\tC?", "0\t7\t9\tA day.\tD")
    found = mrpc("mrpc", tmp_path)
    assert found.labels == ("0", "1")
    assert [s.words for s in found.dev] == [
        ("a", "day", ".", SEPARATOR, "c", "?"),
        ("a", "day", ".", SEPARATOR, "d"),
    ]
    assert [s.label for s in found.test] == [1, 0]


def test_no_text_has_the_mark() -> None:
    for text in (SEPARATOR, f"a {SEPARATOR.upper()} b", f"x{SEPARATOR}y", f"({SEPARATOR})"):
        assert SEPARATOR not in tokenize(text)


def test_a_tenth_of_rte_is_dev(tmp_path: Path) -> None:
    for file in RTE_FILES:
        rows = [
            {
                "premise": f"p {i}",
                "hypothesis": f"h {i}",
                "label": ("entailment", "not_entailment")[i % 2],
            }
            for i in range(200)
        ]
        (tmp_path / file).write_text("\n".join(map(json.dumps, rows)) + "\n", "utf-8")
    found = rte("rte", tmp_path)
    assert len(found.train) + len(found.dev) == len(found.test) == 200
    assert 5 < len(found.dev) < 40
    assert not {s.words for s in found.dev} & {s.words for s in found.train}


@pytest.mark.parametrize("row", ["1\t7\t8\tA b.", "1\t7\t8\tA b.\t ", "\t7\t8\tA\tB"])
def test_a_damaged_line_is_named(row: str, tmp_path: Path) -> None:
    write_mrpc(tmp_path, row)
    with pytest.raises(UserError, match=r"msr-para-train\.tsv:2: "):
        mrpc("mrpc", tmp_path)


@pytest.mark.parametrize(
    ("name", "sizes"), [("mrpc", (3576, 500, 1725)), ("rte", (2234, 256, 277))]
)
def test_published_sizes(
    name: str,
    sizes: tuple[int, ...],
    shared: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NNI_NLP_BENCH_DATA", str(shared(f"data/{name}").parent))
    found = load_labelled_set(name)
    assert (len(found.train), len(found.dev), len(found.test)) == sizes
    assert all(s.words.count(SEPARATOR) == 1 for s in found.train)


def test_a_teacher_reads_both_sentences_apart(teacher_folder: Path) -> None:
    teacher = load_teacher(str(teacher_folder))
    ids = teacher.ids([("w1", "w2", SEPARATOR, "w3"), ("w4", SEPARATOR, "w5")], 16)
    own = teacher.tokenizer(["w1 w2", "w4"], ["w3", "w5"])
    assert ids == own["input_ids"]
    mask = torch.tensor([[1, 1, 1, 1, 1, 1, 0], [1, 1, 1, 1, 1, 0, 0]], dtype=torch.bool)
    rows = torch.zeros(2, 7, dtype=torch.long)
    for row, tokens in zip(rows, ids, strict=True):
        row[: len(tokens)] = torch.tensor(tokens)
    types = teacher.inputs(rows, mask)["token_type_ids"]
    expected = own["token_type_ids"]
    assert types.tolist() == [[*expected[0], 0], [*expected[1], 0, 0]]
    single = teacher.ids([("w1", "w2")], 16)
    assert single == teacher.tokenizer(["w1 w2"])["input_ids"]
    tokens = torch.tensor(single)
    assert not teacher.inputs(tokens, tokens >= 0)["token_type_ids"].any()
