"""Labelled set of docstrings of the standard library, part of every Python installation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.data.sentences.rows import share
from nni_nlp_bench.data.words import tokenize

PACKAGES = ("asyncio", "email", "importlib", "logging", "multiprocessing", "xml")
"""Packages of similar size in Python 3.11 to 3.13, shipped completely by distributions."""
MASK = "<package>"
"""Replaces the names of the packages, which would give away the label."""
LEAST_WORDS = 4
_NAMES = re.compile(rf"(?<![^\W_])(?:{'|'.join(PACKAGES)})(?![^\W_])", re.IGNORECASE)
_DOCUMENTED = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


def docstrings(name: str = "docstrings") -> LabelledSet:
    """First paragraphs of docstrings, labelled by their package.

    A text that several places share counts once, and not at all if they are in two packages.
    A tenth of the sentences is dev, a tenth test. The set differs between versions of Python;
    its digest identifies it. Raises UserError if Python is installed without sources.
    """
    found: dict[tuple[str, ...], set[int]] = {}
    for label, package in enumerate(PACKAGES):
        for text in _paragraphs(package):
            words = tokenize(_NAMES.sub(MASK, text))
            if len(words) >= LEAST_WORDS:
                found.setdefault(words, set()).add(label)
    parts: dict[str, list[Sentence]] = {"train": [], "dev": [], "test": []}
    for words, labels in found.items():
        if len(labels) == 1:
            part = {0: "dev", 1: "test"}.get(share(words), "train")
            parts[part].append(Sentence(words, min(labels)))
    return LabelledSet.of(name, PACKAGES, parts)


def _paragraphs(package: str) -> Iterator[str]:
    """Parse the source files, without importing them, in the order of their paths."""
    from sysconfig import get_path

    folder = Path(get_path("stdlib")) / package
    files = sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).parts)
    if not files:
        raise UserError(f"this Python has no sources in {folder}: take another labelled set")
    for file in files:
        for node in _documented(ast.parse(file.read_bytes())):
            text = ast.get_docstring(node)
            if text:
                yield text.partition("\n\n")[0]


def _documented(
    node: ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef,
) -> Iterator[ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the node and the definitions directly in the body of a module or class."""
    yield node
    if isinstance(node, ast.Module | ast.ClassDef):
        for child in node.body:
            if isinstance(child, _DOCUMENTED):
                yield from _documented(child)
