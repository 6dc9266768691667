"""Python's docstrings: enough of them, balanced, without their package's name, the same always."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from nni_nlp_bench.data.sentences.docstrings import LEAST_WORDS, MASK, PACKAGES
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set
from search_spaces.errors import UserError


@pytest.fixture(scope="module")
def labelled() -> LabelledSet:
    return load_labelled_set("docstrings")


def test_every_part_is_large_and_balanced(labelled: LabelledSet) -> None:
    assert labelled.labels == PACKAGES
    assert len(labelled.train) + len(labelled.dev) + len(labelled.test) >= 1_200
    for part, least in ((labelled.train, 900), (labelled.dev, 100), (labelled.test, 100)):
        counts = Counter(label for _, label in part)
        assert len(part) >= least
        assert len(counts) == len(PACKAGES)
        assert min(counts.values()) > 0.05 * len(part)
        assert max(counts.values()) < 0.3 * len(part)


def test_no_sentence_names_a_package_is_short_or_comes_twice(labelled: LabelledSet) -> None:
    sentences = [words for words, _ in (*labelled.train, *labelled.dev, *labelled.test)]
    assert len(set(sentences)) == len(sentences)
    assert min(map(len, sentences)) == LEAST_WORDS
    assert sum(MASK in words for words in sentences) > 20
    named = {w for words in sentences for w in words if w.split(".")[0] in PACKAGES}
    assert not named


def test_it_is_the_same_in_another_process_and_imports_nothing(labelled: LabelledSet) -> None:
    program = (
        "import sys; before = set(sys.modules)\n"
        "from nni_nlp_bench.data.sentences.docstrings import docstrings\n"
        "print(docstrings().digest, 'xml' in sys.modules, 'multiprocessing' in sys.modules)"
    )
    environment = {**os.environ, "PYTHONHASHSEED": "4321"}
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [labelled.digest, "False", "False"]


def test_a_python_without_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(UserError, match=r"this Python has no sources in .*asyncio: take another"):
        load_labelled_set("docstrings")
