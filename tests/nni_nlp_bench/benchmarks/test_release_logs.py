"""The release's logs: the published WikiText-2 archive, and damaged or malicious ones."""

from __future__ import annotations

import json
import math
import stat
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers import import_benchmark, zip_members
from nni_nlp_bench.benchmarks.importers.release_logs import read_release_logs
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from search_spaces.rnn_cell import published_recipe

MakeLog = Callable[..., str]


@pytest.fixture
def make_log() -> MakeLog:
    """The text of a log of two epochs; changes replace its fields, None removes one."""

    def make(recipe_id: int = 1000000, **changes: object) -> str:
        log: dict[str, object] = {
            "recepie": published_recipe(recipe_id).to_json(),
            "recepie_id": recipe_id,
            "num_params": 12,
            "data": "data/ptb",
            "status": "OK",
            "train_losses": [5.0, 4.0],
            "val_losses": [5.5, 4.5],
            "test_losses": [5.25, 4.25],
            "wall_times": [10.0, 11.0],
        }
        return json.dumps({k: v for k, v in (log | changes).items() if v is not None})

    return make


def zipped(path: Path, members: dict[str, str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    return path


def test_published_archive_has_the_published_values(wikitext2: Table) -> None:
    info = table_info(wikitext2)
    assert (info.runs, info.distinct_ids, info.distinct_recipes, info.ok) == (345, 344, 291, 341)
    assert info.other_statuses == {"loss is nan!": 4}
    assert info.dataset == "wikitext-2"
    perplexities = {name: round(value, 2) for name, value in info.named_metric.items()}
    assert perplexities == {"rnn": 170.26, "lstm": 91.36, "gru": 103.47}
    assert info.best_metric == min(info.named_metric.values())


def test_published_run_that_broke_off_keeps_its_epochs(wikitext2: Table) -> None:
    recipe = published_recipe(1007257)
    assert 1007257 in wikitext2.recipe_ids(recipe)
    results = [wikitext2.query(recipe, seed=seed) for seed in wikitext2.seeds(recipe)]
    broken = next(result for result in results if result.status == "loss is nan!")
    assert broken.epoch == 19
    assert broken.test_loss is not None and np.isnan(broken.test_loss)
    assert len(wikitext2.curve(recipe, seed=broken.seed).test_loss) == 19


def test_zip_and_folder_are_read_alike(tmp_path: Path, make_log: MakeLog) -> None:
    logs = {"logs/deep/a.json": make_log(), "logs/b.json": make_log(1000001)}
    for name, text in logs.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_text(text)
    from_zip = read_release_logs(zipped(tmp_path / "logs.zip", logs))
    from_folder = read_release_logs(tmp_path / "folder")
    for reading in (from_zip, from_folder):
        assert sorted(run.name for run in reading.runs) == sorted(logs)
        assert reading.skipped == ()
    run = next(run for run in from_zip.runs if run.recipe_id == 1000001)
    assert run.architecture == published_recipe(1000001)
    assert (run.num_params, run.dataset, run.status) == (12, "ptb", "OK")
    assert run.test_loss is not None and run.test_loss.tolist() == [5.25, 4.25]


BAD_LOGS = {
    "not JSON": "{",
    "not a JSON object": "[]",
    "too deep": "[" * 100_000,
    "recepie is missing": {"recepie": None},
    "status must be of type str": {"status": 1},
    "recepie_id must be of type int": {"recepie_id": True},
    "a recipe must be JSON text": {"recepie": "{'f': 1}"},
    "unknown op": {"recepie": '{"h_new_0": {"op": "gelu", "input": ["x"]}}'},
    "epochs recorded differ": {"val_losses": [5.0]},
    "wall_times must hold numbers": {"wall_times": [1.0, "2"]},
    "train_losses is missing or not a list": {"train_losses": 5.0},
    "too large": {"test_losses": [10**400, 1]},
}


@pytest.mark.parametrize("reason", BAD_LOGS)
def test_one_bad_log_is_named_and_skipped(reason: str, tmp_path: Path, make_log: MakeLog) -> None:
    bad = BAD_LOGS[reason]
    text = bad if isinstance(bad, str) else make_log(**bad)
    source = zipped(tmp_path / "logs.zip", {"good.json": make_log(), "bad.json": text})
    report = import_benchmark(source, "nas-bench-nlp", tmp_path / "table", epochs=2)
    assert (report.read, report.kept) == (2, 1)
    (skipped,) = report.skipped
    assert skipped.name == "bad.json"
    assert reason in skipped.reason or "not JSON" in skipped.reason


def test_nan_is_kept_and_other_files_are_reported(tmp_path: Path, make_log: MakeLog) -> None:
    diverged = make_log(test_losses=[5.0, math.nan], status="loss is nan!")
    source = zipped(tmp_path / "logs.zip", {"a.json": diverged, "README": "", "b.json": ""})
    report = import_benchmark(source, "nas-bench-nlp", tmp_path / "table", epochs=2)
    assert [entry.name for entry in report.skipped] == ["README", "b.json"]
    result = Table.load(tmp_path / "table").query(published_recipe(1000000))
    assert result.status == "loss is nan!" and math.isnan(result.test_loss or 0)


def test_runs_of_another_length_or_data_set_are_left_out(tmp_path: Path, make_log: MakeLog) -> None:
    source = zipped(
        tmp_path / "logs.zip",
        {"a.json": make_log(), "b.json": make_log(data="data/wikitext-2")},
    )
    with pytest.raises(BenchmarkError, match="one data set, choose one of: ptb, wikitext-2"):
        import_benchmark(source, "nas-bench-nlp", tmp_path / "table")
    report = import_benchmark(source, "nas-bench-nlp", tmp_path / "table", dataset="ptb")
    assert report.skipped == (("b.json", "of the data set wikitext-2, not ptb"),)
    with pytest.raises(BenchmarkError, match="2 epochs: a full training has 1"):
        import_benchmark(source, "nas-bench-nlp", tmp_path / "other", epochs=1)
    assert not (tmp_path / "other").exists()


def test_progress_counts_every_log(tmp_path: Path, make_log: MakeLog) -> None:
    source = zipped(tmp_path / "logs.zip", {"a.json": make_log(), "b.json": "{"})
    calls: list[tuple[int, int]] = []
    read_release_logs(source, lambda done, total: calls.append((done, total)))
    assert calls == [(1, 2), (2, 2)]


def test_sources_that_give_nothing_are_refused(tmp_path: Path, make_log: MakeLog) -> None:
    def fails(source: Path, message: str) -> None:
        with pytest.raises(BenchmarkError, match=message):
            import_benchmark(source, "nas-bench-nlp", tmp_path / "table")
        assert not (tmp_path / "table").exists()

    (tmp_path / "empty").mkdir()
    fails(tmp_path / "empty", "holds nothing to import")
    fails(tmp_path / "absent.zip", "does not exist")
    fails(zipped(tmp_path / "bad.zip", {"a.json": "{"}), "a.json: not JSON")
    whole = zipped(tmp_path / "whole.zip", {"a.json": make_log()})
    (tmp_path / "half.zip").write_bytes(whole.read_bytes()[:-30])
    fails(tmp_path / "half.zip", "not a whole zip archive")
    (tmp_path / "text.zip").write_text("hello")
    fails(tmp_path / "text.zip", "not a whole zip archive")


@pytest.mark.parametrize("name", ["../a.json", "/a.json", "logs/../../a.json", "C:\\a.json"])
def test_names_that_leave_the_archive_are_refused(
    name: str, tmp_path: Path, make_log: MakeLog
) -> None:
    source = zipped(tmp_path / "logs.zip", {"good.json": make_log(), name: make_log()})
    with pytest.raises(BenchmarkError, match="points outside of the archive"):
        read_release_logs(source)


def test_links_and_encrypted_members_are_refused(tmp_path: Path, make_log: MakeLog) -> None:
    link = zipfile.ZipInfo("link.json")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "link.zip", "w") as archive:
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(BenchmarkError, match=r"'link\.json' is a symbolic link"):
        read_release_logs(tmp_path / "link.zip")
    source = zipped(tmp_path / "locked.zip", {"a.json": make_log()})
    content = bytearray(source.read_bytes())
    content[6] |= 1
    content[content.index(b"PK\x01\x02") + 8] |= 1
    source.write_bytes(content)
    with pytest.raises(BenchmarkError, match=r"'a\.json' is encrypted"):
        read_release_logs(source)


def test_zip_bombs_stop_at_the_limits(
    tmp_path: Path, make_log: MakeLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = zipped(tmp_path / "large.zip", {"a.json": " " * (zip_members.MAX_MEMBER_BYTES + 1)})
    with pytest.raises(BenchmarkError, match="exceeds the limits"):
        read_release_logs(bomb)
    dense = zipped(tmp_path / "dense.zip", {f"{i}.json": " " * 2**20 for i in range(12)})
    with pytest.raises(BenchmarkError, match="exceeds the limits"):
        read_release_logs(dense)
    content = bytearray(bomb.read_bytes())
    for header, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = content.index(header) + offset
        content[at : at + 4] = (100).to_bytes(4, "little")  # the header lies about the size
    bomb.write_bytes(content)
    (entry,) = read_release_logs(bomb).skipped
    assert "damaged" in entry.reason
    monkeypatch.setattr(zip_members, "MAX_MEMBERS", 1)
    many = zipped(tmp_path / "many.zip", {"a.json": make_log(), "b.json": make_log()})
    with pytest.raises(BenchmarkError, match="has 2 members, at most 1"):
        read_release_logs(many)


def test_a_damaged_member_or_a_repeated_name_is_skipped(tmp_path: Path, make_log: MakeLog) -> None:
    source = zipped(tmp_path / "logs.zip", {"a.json": make_log(), "b.json": make_log(1000001)})
    content = bytearray(source.read_bytes())
    content[60] ^= 0xFF
    source.write_bytes(content)
    reading = read_release_logs(source)
    assert [entry.name for entry in reading.skipped] == ["a.json"]
    assert [run.name for run in reading.runs] == ["b.json"]
    with zipfile.ZipFile(source, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.json", make_log())
        archive.writestr("a.json", make_log())
    report = import_benchmark(source, "nas-bench-nlp", tmp_path / "table")
    assert (report.kept, report.skipped) == (1, (("a.json", "a second file of the same name"),))
