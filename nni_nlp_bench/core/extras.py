"""Optional dependencies and the extras that install them."""

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
    "safetensors": "torch",
    "tokenizers": "distillation",
    "transformers": "distillation",
    "ot": "distillation",
    "dask": "parallel",
    "dask_jobqueue": "parallel",
    "distributed": "parallel",
    "cryptography": "parallel",
    "datasets": "corpora",
    "optunahub": "optunahub",
    "pyarrow": "vectors",
    "onnx": "export",
    "onnxruntime": "export",
    "onnxscript": "export",
    "fastapi": "serve",
    "starlette": "serve",
    "uvicorn": "serve",
    "ConfigSpace": "configspace",
    "smac": "smac",
    "syne_tune": "syne-tune",
    "neps": "neps",
}
"""Extra that installs a library, by the library's name."""


class MissingExtraError(UserError, ImportError):
    """A library of an extra is not installed."""

    def __init__(self, library: str) -> None:
        extra = EXTRAS[library]
        super().__init__(
            f"the library {library!r} is not installed: pip install 'nni-nlp-bench[{extra}]'"
        )


@contextmanager
def optional_imports() -> Iterator[None]:
    """Context or decorator that raises MissingExtraError for a missing optional library."""
    try:
        yield
    except ModuleNotFoundError as error:
        if (missing := missing_extra(error)) is None:
            raise
        raise missing from error


def missing_extra(error: ModuleNotFoundError) -> MissingExtraError | None:
    """Return the error that names the extra of the module; None if no extra installs it."""
    library = (error.name or "").partition(".")[0]
    return MissingExtraError(library) if library in EXTRAS else None
