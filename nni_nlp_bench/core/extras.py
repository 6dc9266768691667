"""Optional dependencies: which extra of the package brings a library that is missing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from nni_nlp_bench.core.errors import UserError

EXTRAS = {
    "torch": "torch",
    "nni": "nni",
    "pytorch_lightning": "nni",
    "tensorboard": "nni",
    "tianshou": "nni",
    "fvcore": "naslib",
    "transformers": "distillation",
    "ot": "distillation",
    "dask": "parallel",
    "distributed": "parallel",
    "datasets": "corpora",
    "pyarrow": "vectors",
}
"""By name of a library, the extra that installs it."""


class MissingExtraError(UserError, ImportError):
    """A library is missing that an extra of this package brings."""

    def __init__(self, library: str) -> None:
        extra = EXTRAS[library]
        super().__init__(
            f"the library {library!r} is not installed: pip install 'nni-nlp-bench[{extra}]'"
        )


@contextmanager
def optional_imports() -> Iterator[None]:
    """Raise MissingExtraError for an optional library that cannot be imported in the block.

    Also decorates functions.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (missing := missing_extra(error)) is None:
            raise
        raise missing from error


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return the error that names the extra of the module; None if no extra brings it."""
    library = (error.name or "").partition(".")[0]
    return MissingExtraError(library) if library in EXTRAS else None
