"""`benchmark`: download, import, export, info, and their errors."""

from __future__ import annotations

import json
import pickle
import zipfile
from collections.abc import Callable
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from typer.testing import CliRunner, Result

from nni_nlp_bench.cli.app import app
from search_spaces.rnn_cell.published import named_recipe

Shared = Callable[[str], Path]
WIKITEXT_2 = "nas-bench-nlp/wikitext-2"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NASBENCHMARK_DIR", str(folder))
    return folder


@pytest.fixture
def logs(tmp_path: Path) -> Path:
    """Folder of two logs, one of them invalid."""
    folder = tmp_path / "logs"
    folder.mkdir()
    log = {
        "recepie": named_recipe("gru").to_json(),
        "recepie_id": 1000002,
        "num_params": 1,
        "data": "data/small",
        "status": "OK",
        **{name: [2.0, float("nan")] for name in ("train_losses", "val_losses", "test_losses")},
        "wall_times": [10.0, 10.0],
    }
    (folder / "good.json").write_text(json.dumps(log), "utf-8")
    (folder / "bad.json").write_text("{", "utf-8")
    return folder


class Quiet(SimpleHTTPRequestHandler):
    """HTTP server of a folder without log messages."""

    def log_message(self, format: str, *args: object) -> None:
        """Print no log messages."""


def call(*arguments: object) -> Result:
    return CliRunner().invoke(app, ["benchmark", *map(str, arguments)])


def done(result: Result) -> str:
    assert result.exit_code == 0, result.stderr
    assert result.stderr == ""
    return result.stdout


def refused(result: Result) -> str:
    """Return the error message of a failed command."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_download_from_a_local_copy_then_info(shared: Shared, cache: Path) -> None:
    file = shared("nas-bench-nlp/wikitext2_logs.zip")
    assert "345 of 345 runs" in done(call("download", WIKITEXT_2, "--file", file))
    assert "already downloaded" in done(call("download", WIKITEXT_2))
    info = json.loads(done(call("info", WIKITEXT_2, "--json")))
    assert info["runs"] == 345
    assert info["best_test_perplexity"] == pytest.approx(91.36, abs=0.005)
    by_folder = json.loads(done(call("info", cache / WIKITEXT_2 / "table", "--json")))
    assert by_folder == info


def test_download_from_a_mirror(shared: Shared, cache: Path) -> None:
    file = shared("nas-bench-nlp/wikitext2_logs.zip")
    handler = partial(Quiet, directory=str(file.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as mirror:
        thread = Thread(target=mirror.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        address = f"http://127.0.0.1:{mirror.server_port}"
        wrong = refused(call("download", WIKITEXT_2, "--url", f"{address}/none.zip"))
        text = done(call("download", WIKITEXT_2, "--url", f"{address}/{file.name}"))
        mirror.shutdown()
        thread.join()
    assert f"{address}/none.zip answered 404 File not found" in wrong
    assert text == f"{cache / WIKITEXT_2 / 'table'}: 345 of 345 runs imported\n"


def test_error_of_info_before_the_download() -> None:
    line = refused(call("info", WIKITEXT_2))
    assert f"nni-nlp-bench benchmark download {WIKITEXT_2}" in line


def test_error_for_unknown_benchmark_lists_known_ones() -> None:
    for verb in ("download", "info"):
        line = refused(call(verb, "nas-bench-101"))
        assert "unknown benchmark 'nas-bench-101'" in line
        assert WIKITEXT_2 in line


def test_error_for_two_sources(tmp_path: Path) -> None:
    refused(call("download", WIKITEXT_2, "--url", "http://127.0.0.1:1", "--file", tmp_path))


def test_error_for_wrong_local_copy(tmp_path: Path, cache: Path) -> None:
    file = tmp_path / "logs.zip"
    for content in (b"", b"PK\x03\x04", b"\x80\x04garbage"):
        file.write_bytes(content)
        assert "is not the published file" in refused(call("download", WIKITEXT_2, "--file", file))
    assert "no such file" in refused(call("download", WIKITEXT_2, "--file", tmp_path / "none"))
    assert "a folder" in refused(call("download", WIKITEXT_2, "--file", tmp_path))
    assert not (cache / WIKITEXT_2 / "logs.zip").exists()


def test_import_reports_skipped_runs(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "table"
    text = done(call("import", logs, "--format", "nas-bench-nlp", "--out", out))
    assert "1 of 2 runs imported" in text
    assert "skipped bad.json: not JSON" in text
    assert "already holds a table" in refused(
        call("import", logs, "--format", "nas-bench-nlp", "--out", out)
    )
    done(call("import", logs, "--format", "nas-bench-nlp", "--out", out, "--overwrite"))


def test_metrics_of_a_csv(tmp_path: Path) -> None:
    cell = named_recipe("gru").to_json().replace('"', '""')
    source, out = tmp_path / "t.csv", tmp_path / "table"
    source.write_text(f'recipe_id,recipe,num_params,test_loss,latency\n2,"{cell}",5,4.5,12\n')
    options = ["--format", "csv", "--out", out, "--metric"]
    assert "minimize or maximize" in refused(call("import", source, *options, "latency:ms:up"))
    done(call("import", source, *options, "latency:ms"))
    objectives = json.loads(done(call("info", out, "--json")))["objectives"]
    assert objectives[-1] == {
        "name": "latency",
        "unit": "ms",
        "direction": "minimize",
        "requires_training": False,
    }
    assert "latency (ms)" in done(call("info", out))


def test_info_is_strict_json(logs: Path, tmp_path: Path) -> None:
    out = tmp_path / "table"
    done(call("import", logs, "--format", "nas-bench-nlp", "--out", out))

    def refuse(token: str) -> None:
        raise AssertionError(f"{token} is no JSON")

    json.loads(done(call("info", out, "--json")), parse_constant=refuse)


@pytest.mark.parametrize("width", [80, 120])
def test_info_fits_the_terminal(
    logs: Path, tmp_path: Path, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    out = tmp_path / "table"
    done(call("import", logs, "--format", "nas-bench-nlp", "--out", out))
    text = done(call("info", out))
    assert max(map(len, text.splitlines())) <= width
    assert "arXiv" in text


class Hostile:
    """Creates a file if unpickled by the standard library."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.mark,)


def sources(folder: Path) -> dict[str, Path]:
    whole = folder / "whole.zip"
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("log.json", "{}" * 1000)
    content = {
        "empty": b"",
        "garbage": bytes(range(256)) * 20,
        "truncated.zip": whole.read_bytes()[:500],
        "hostile.pickle": pickle.dumps(Hostile(folder / "mark")),
        "truncated.pickle": pickle.dumps({"a": list(range(100))})[:50],
        "half.db": b"SQLite format 3\x00" + b"\x00" * 20,
        "words.csv": b"a,b\n1\n",
    }
    for name, data in content.items():
        (folder / name).write_bytes(data)
    empty = folder / "folder"
    empty.mkdir()
    return {name: folder / name for name in (*content, "folder", "missing")}


@pytest.mark.parametrize(
    "format", ["nas-bench-nlp", "nni-db", "naslib", "nas-bench-bert", "csv", "tar"]
)
def test_error_for_invalid_import(tmp_path: Path, format: str) -> None:
    out = tmp_path / "out" / "table"
    for source in sources(tmp_path).values():
        refused(call("import", source, "--format", format, "--out", out))
        assert not out.exists()
    assert not (tmp_path / "mark").exists()


def test_export_and_import_again(logs: Path, tmp_path: Path) -> None:
    table = tmp_path / "table"
    done(call("import", logs, "--format", "nas-bench-nlp", "--out", table))
    file = tmp_path / "nlp.db"
    assert "1 runs written" in done(call("export", table, "--format", "nni-db", "--out", file))
    again = tmp_path / "again"
    done(call("import", file, "--format", "nni-db", "--out", again))
    assert json.loads(done(call("info", again, "--json")))["distinct_cells"] == 1


def test_errors_of_export(logs: Path, tmp_path: Path) -> None:
    table = tmp_path / "table"
    done(call("import", logs, "--format", "nas-bench-nlp", "--out", table))
    out = tmp_path / "out.db"
    assert "known: nni-db, naslib" in refused(call("export", table, "--format", "x", "--out", out))
    assert "not downloaded" in refused(
        call("export", WIKITEXT_2, "--format", "nni-db", "--out", out)
    )
    assert not out.exists()
    out.touch()
    assert "already exists" in refused(call("export", table, "--format", "nni-db", "--out", out))
    assert out.read_bytes() == b""
