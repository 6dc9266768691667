"""Routes of the server."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from threading import Lock
from time import perf_counter
from typing import Any, TypeVar

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from starlette.exceptions import HTTPException

from nni_nlp_bench import __version__
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.loading import AnyModel
from nni_nlp_bench.models.serving.guard import LocalRequestsOnly
from nni_nlp_bench.models.serving.schemas import (
    Error,
    GenerateRequest,
    GenerateResponse,
    LabelPrediction,
    PerplexityRequest,
    PerplexityResponse,
    PredictRequest,
    PredictResponse,
)

PAGE = Path(__file__).with_name("page.html")
_CONTENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; "
    "connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
_ERRORS: dict[int | str, dict[str, Any]] = {
    400: {"model": Error, "description": "The model cannot use the values"},
    403: {"model": Error, "description": "Not from this machine's own pages"},
    413: {"model": Error, "description": "Too large"},
    415: {"model": Error, "description": "Not JSON"},
    422: {"model": Error, "description": "Not the fields or limits of this path"},
}
T = TypeVar("T")


def make_app(model: AnyModel) -> FastAPI:
    """Return the ASGI application of a model."""
    app = FastAPI(
        title=model.manifest.name,
        version=__version__,
        description="A trained model of nni-nlp-bench.",
        docs_url=None,  # FastAPI's pages load scripts from a server on the internet
        redoc_url=None,
    )
    app.add_middleware(LocalRequestsOnly)
    _add_error_handlers(app)
    page, about = PAGE.read_text("utf-8"), model.manifest.to_dict()

    @app.get("/", response_class=HTMLResponse, include_in_schema=False)
    def show_page() -> HTMLResponse:
        return HTMLResponse(page, headers={"content-security-policy": _CONTENT_POLICY})

    @app.get("/model", summary="Description of the model")
    def describe() -> dict[str, Any]:
        return about

    timed = _OneAtATime()
    if isinstance(model, TextClassifier):
        _add_classifier(app, model, timed)
    else:
        _add_language_model(app, model, timed)
    return app


class _OneAtATime:
    """Calls of the model, one at a time: tokenizers have settings that each call changes."""

    def __init__(self) -> None:
        self._lock = Lock()

    def __call__(self, call: Callable[[], T]) -> tuple[T, float]:
        """Return the result of a call, and its milliseconds."""
        with self._lock:
            start = perf_counter()
            found = call()
            return found, 1000 * (perf_counter() - start)


def _add_classifier(app: FastAPI, model: TextClassifier, timed: _OneAtATime) -> None:
    @app.post("/predict", summary="Labels of texts", responses=_ERRORS)
    def predict(request: PredictRequest) -> PredictResponse:
        found, milliseconds = timed(lambda: model.predict(request.texts))
        predictions = [LabelPrediction(**each.to_dict()) for each in found]
        return PredictResponse(predictions=predictions, milliseconds=milliseconds)


def _add_language_model(app: FastAPI, model: Any, timed: _OneAtATime) -> None:
    @app.post("/generate", summary="A text that continues a prompt", responses=_ERRORS)
    def generate(request: GenerateRequest) -> GenerateResponse:
        text, milliseconds = timed(lambda: model.generate(**request.model_dump()))
        return GenerateResponse(text=text, milliseconds=milliseconds)

    @app.post("/perplexity", summary="Perplexity of a text", responses=_ERRORS)
    def perplexity(request: PerplexityRequest) -> PerplexityResponse:
        found, milliseconds = timed(lambda: model.evaluate(request.text))
        return PerplexityResponse(
            perplexity=found.perplexity if math.isfinite(found.perplexity) else None,
            loss=found.loss,
            tokens=found.tokens,
            unknown=found.unknown,
            milliseconds=milliseconds,
        )


def _add_error_handlers(app: FastAPI) -> None:
    """Answer every error with one line of JSON."""

    @app.exception_handler(UserError)
    async def wrong_values(_: Request, error: UserError) -> JSONResponse:
        return _error(400, " ".join(str(error).split()))

    @app.exception_handler(RequestValidationError)
    async def wrong_fields(_: Request, error: RequestValidationError) -> JSONResponse:
        return _error(422, _first_line(error))

    @app.exception_handler(HTTPException)
    async def refused(_: Request, error: HTTPException) -> JSONResponse:
        return _error(error.status_code, str(error.detail))

    @app.exception_handler(Exception)
    async def failed(_: Request, error: Exception) -> JSONResponse:
        return _error(500, f"the model failed: {type(error).__name__}")


def _first_line(error: RequestValidationError) -> str:
    """Return the first violated rule, with its place such as `texts.0`."""
    first = error.errors()[0]
    if first["type"] == "json_invalid":
        return f"the request is not JSON: {first['ctx']['error']}"
    # Other parts name alternatives of a type.
    where = [str(part) for part in first["loc"][1:] if isinstance(part, int) or part.isidentifier()]
    return f"{'.'.join(where)}: {first['msg']}" if where else str(first["msg"])


def _error(status: int, line: str) -> JSONResponse:
    return JSONResponse({"error": line}, status)
