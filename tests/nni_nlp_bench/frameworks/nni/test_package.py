"""Lazy exports of `nni_nlp_bench.frameworks.nni`."""

from __future__ import annotations

import subprocess
import sys

import pytest

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks import nni as package


def test_importing_the_package_imports_no_library() -> None:
    program = (
        "import sys; import nni_nlp_bench.frameworks.nni; "
        "sys.exit(any(name in sys.modules for name in ('nni', 'torch', 'scipy', 'pandas')))"
    )
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


@pytest.mark.parametrize("name", package.__all__)
def test_every_name_is_exported(name: str) -> None:
    exported = getattr(package, name)
    assert exported.__name__ == name
    assert exported.__doc__


def test_error_for_unknown_name() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Missing'"):
        _ = package.Missing


def test_model_space_of_a_search_space() -> None:
    from nni.nas.nn.pytorch import ModelSpace

    space = package.model_space("textnas", width=8)
    assert isinstance(space, ModelSpace)
    assert space.simplify()
    with pytest.raises(UserError, match="unknown"):
        package.model_space("missing")
