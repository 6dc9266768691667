"""The description on the package index: README.md with absolute links. All else is in setup.cfg."""

from __future__ import annotations

import re
from configparser import ConfigParser
from pathlib import Path

from setuptools import setup

ROOT = Path(__file__).resolve().parent
RELATIVE_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^]]*)\]\((?![a-z]+:|#)(?P<path>[^)]+)\)")


def index_description() -> str:
    """Return README.md with its relative links pointing into the repository, at this version."""
    config = ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    repository, tag = config["metadata"]["url"], f"v{package_version()}"

    def absolute(link: re.Match[str]) -> str:
        view = "raw" if link["image"] else "blob"
        return f"{link['image']}[{link['text']}]({repository}/{view}/{tag}/{link['path']})"

    return RELATIVE_LINK.sub(absolute, (ROOT / "README.md").read_text("utf-8"))


def package_version() -> str:
    """Return `nni_nlp_bench.__version__` without importing the package."""
    source = (ROOT / "nni_nlp_bench/__init__.py").read_text("utf-8")
    version = re.search(r'^__version__ = "(.+)"$', source, re.MULTILINE)
    if version is None:
        raise ValueError("nni_nlp_bench/__init__.py sets no __version__")
    return version[1]


if __name__ == "__main__":
    setup(long_description=index_description())
