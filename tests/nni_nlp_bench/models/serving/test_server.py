"""Requests to the server of a model, and how its process ends."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest
from in_process import run

from nni_nlp_bench.models.base import TextClassifier
from nni_nlp_bench.models.language import LanguageModel
from nni_nlp_bench.models.loading import load_model
from nni_nlp_bench.models.serving.guard import MAX_BODY
from nni_nlp_bench.models.serving.schemas import MAX_CHARACTERS, MAX_TEXTS

Clients = Callable[[str], httpx.Client]
Folders = Callable[[str], Path]
TEXTS: list[Any] = ["w1 label0", "label2", ["w3 label1", "w4"]]


def load_classifier(folder: Path) -> TextClassifier:
    model = load_model(folder)
    assert isinstance(model, TextClassifier)
    return model


def test_predictions_are_the_models(client: Clients, saved: Folders) -> None:
    answer = client("cnn").post("/predict", json={"texts": TEXTS})
    assert answer.status_code == 200
    model = load_classifier(saved("cnn"))
    wanted = [
        each.to_dict()
        for each in model.predict([(*t,) if isinstance(t, list) else t for t in TEXTS])
    ]
    for found, prediction in zip(answer.json()["predictions"], wanted, strict=True):
        assert found["label"] == prediction["label"]
        assert found["probabilities"] == pytest.approx(prediction["probabilities"], abs=1e-6)
    assert answer.json()["milliseconds"] > 0


def test_requests_at_once_get_their_own_predictions(client: Clients, saved: Folders) -> None:
    """The tokenizer of a student has settings that each call changes."""
    http, model = client("student"), load_classifier(saved("student"))
    texts = [f"w{i % 12} label{i % 3} w{i % 7}" for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda text: http.post("/predict", json={"texts": [text]}), texts))
    found = [answer.json()["predictions"][0]["probability"] for answer in answers]
    wanted = [each.probability for each in model.predict(texts)]
    assert found == pytest.approx(wanted, abs=1e-6)


def test_a_language_model_generates_and_judges(client: Clients, saved: Folders) -> None:
    http, model = client("rnn_cell"), load_model(saved("rnn_cell"))
    assert isinstance(model, LanguageModel)
    asked = {"prompt": "w1", "n_words": 5, "temperature": 0}
    assert http.post("/generate", json=asked).json()["text"] == model.generate(**asked)
    judged = http.post("/perplexity", json={"text": "w1 w2 never"}).json()
    wanted = model.evaluate("w1 w2 never")
    assert judged["perplexity"] == pytest.approx(wanted.perplexity, rel=1e-6)
    assert (judged["tokens"], judged["unknown"]) == (4, 1)
    assert http.post("/predict", json={"texts": ["w1"]}).status_code == 404


def test_the_description_is_the_manifest(client: Clients, saved: Folders) -> None:
    manifest = json.loads((saved("cnn") / "model.json").read_text("utf-8"))
    assert client("cnn").get("/model").json() == manifest


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ({"texts": [" "]}, 400, "text 0 has no words"),
        ({"texts": []}, 422, "texts: List should have at least 1 item"),
        ({"texts": ["w1"] * (MAX_TEXTS + 1)}, 422, "texts: List should have at most 256 items"),
        ({"texts": ["w" * (MAX_CHARACTERS + 1)]}, 422, "texts.0: String should have at most"),
        ({"texts": ["w1", 2]}, 422, "texts.1: Input should be a valid string"),
        ({"texts": "w1"}, 422, "texts: Input should be a valid list"),
        ({}, 422, "texts: Field required"),
        ({"texts": ["w1"], "batch": 1}, 422, "batch: Extra inputs are not permitted"),
        ([], 422, "Input should be a valid dictionary"),
    ],
)
def test_a_wrong_body_is_refused_in_one_line(
    body: Any, status: int, message: str, client: Clients
) -> None:
    answer = client("cnn").post("/predict", json=body)
    assert answer.status_code == status
    (error,) = answer.json().values()
    assert message in error
    assert "\n" not in error


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/generate", {"n_words": 0}, "n_words: Input should be greater than or equal to 1"),
        ("/generate", {"temperature": -1}, "temperature: Input should be greater"),
        ("/generate", {"top_k": 0}, "top_k: Input should be greater"),
        ("/generate", {"seed": 2**60}, "seed: Input should be less"),
        ("/perplexity", {"text": 1}, "text: Input should be a valid string"),
    ],
)
def test_a_wrong_value_of_a_language_model_is_refused(
    path: str, body: Any, message: str, client: Clients
) -> None:
    answer = client("rnn_cell").post(path, json=body)
    assert answer.status_code == 422
    assert message in answer.json()["error"]
    assert client("rnn_cell").post("/perplexity", json={"text": " "}).status_code == 400


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"host": "evil.example"}, 403),
        ({"host": "127.0.0.1.evil.example"}, 403),
        ({"host": "127.0.0.1@evil.example"}, 403),
        ({"origin": "http://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": "http://127.0.0.1:1"}, 403),
        ({"content-type": "text/plain"}, 415),
        ({"content-type": "application/x-www-form-urlencoded"}, 415),
        ({"host": "localhost"}, 200),
    ],
)
def test_foreign_pages_are_refused(headers: dict[str, str], status: int, client: Clients) -> None:
    plain = {"content-type": "application/json", **headers}
    answer = client("cnn").post("/predict", content='{"texts": ["w1"]}', headers=plain)
    assert answer.status_code == status
    assert ("error" in answer.json()) == (status != 200)
    if "host" in headers or "origin" in headers:
        for path in ("/", "/model", "/openapi.json"):
            assert client("cnn").get(path, headers=headers).status_code == status


def test_its_own_page_is_served(client: Clients) -> None:
    http = client("cnn")
    answer = http.get("/", headers={"origin": str(http.base_url).rstrip("/")})
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert re.findall(r"""(?:src|href)=["'](?!data:)|https?://""", answer.text) == []


def test_large_bodies_are_not_read(client: Clients) -> None:
    http = client("cnn")
    kind = {"content-type": "application/json"}

    def chunks() -> Iterator[bytes]:
        for _ in range(MAX_BODY // 2**16 + 1):
            yield b" " * 2**16

    for content in (b" " * (MAX_BODY + 1), chunks()):
        answer = http.post("/predict", content=content, headers=kind)
        assert answer.status_code == 413
        assert "larger than" in answer.json()["error"]
    assert (
        http.post("/predict", content=b"{", headers=kind)
        .json()["error"]
        .startswith("the request is not JSON")
    )
    assert http.get("/docs").status_code == http.get("/redoc").status_code == 404
    assert http.get("/predict").json() == {"error": "Method Not Allowed"}


@pytest.mark.parametrize(
    ("kind", "paths"),
    [("cnn", {"/model", "/predict"}), ("rnn_cell", {"/model", "/generate", "/perplexity"})],
)
def test_the_schema_describes_every_path(kind: str, paths: set[str], client: Clients) -> None:
    schema = client(kind).get("/openapi.json").json()
    assert schema["openapi"].startswith("3.")
    assert set(schema["paths"]) == paths
    names = schema["components"]["schemas"]
    text = json.dumps(schema)
    assert set(re.findall(r"#/components/schemas/(\w+)", text)) == set(names)
    for path in paths - {"/model"}:
        responses = schema["paths"][path]["post"]["responses"]
        assert set(responses) == {"200", "400", "403", "413", "415", "422"}
        error = responses["422"]["content"]["application/json"]["schema"]
        assert error == {"$ref": "#/components/schemas/Error"}
    assert names["Error"]["required"] == ["error"]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_with_code_0(number: signal.Signals, saved: Folders) -> None:
    code = "from nni_nlp_bench.cli.app import main; main()"
    command = [sys.executable, "-c", code, "serve", str(saved("cnn")), "--port", "0"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        (url,) = re.findall(r"http://127\.0\.0\.1:\d+/", line)
        assert httpx.get(f"{url}model", timeout=60, trust_env=False).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out, err) == (0, "", "")


def test_it_starts_only_on_a_free_port_with_a_model(saved: Folders, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        taken = run("serve", saved("cnn"), "--port", port)
        assert taken.stderr == f"error: port {port} is in use: choose another --port\n"
    missing = run("serve", tmp_path)
    assert "has no model" in missing.stderr
    for done in (taken, missing):
        assert (done.returncode, done.stdout) == (2, "")
        assert len(done.stderr.splitlines()) == 1
