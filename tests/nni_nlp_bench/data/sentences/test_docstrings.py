"""Docstrings: size, balance, masked package names, determinism."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
from collections import Counter
from pathlib import Path

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.docstrings import LEAST_WORDS, MASK, PACKAGES
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet
from nni_nlp_bench.data.sentences.sets import load_labelled_set


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


def test_which_texts_count_and_for_which_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    for package in PACKAGES:
        (tmp_path / package / "below").mkdir(parents=True)
        many = "\n".join(f"def f{i}(): 'Own text {i} of {package}x.'" for i in range(40))
        text = f"'''A {package.upper()} module,\nin two lines.\n\nAnd more.'''\n{many}\n"
        (tmp_path / package / "below" / "a.py").write_text(text, "utf-8")
    (tmp_path / "email/b.py").write_text(
        "class A:\n    async def f(self):\n        'Wait for email.message here.'\n"
        "        def g(): 'Nested text does not count.'\n"
        "def short(): 'Too short.'\ndef again(): 'Own text 1 of emailx.'\n"
        "import no_such_module\n",
        "utf-8",
    )
    found = load_labelled_set("docstrings")
    sentences = [*found.train, *found.dev, *found.test]
    assert len(sentences) == 40 * len(PACKAGES) + 1  # the first lines of all modules are alike
    assert (("wait", "for", f"{MASK}.message", "here", "."), PACKAGES.index("email")) in sentences
    own = ("own", "text", "1", "of", "xmlx", ".")
    assert [label for words, label in sentences if words == own] == [PACKAGES.index("xml")]


def test_a_python_without_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda _: str(tmp_path))
    with pytest.raises(UserError, match=r"this Python has no sources in .*asyncio: take another"):
        load_labelled_set("docstrings")
