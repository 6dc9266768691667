"""Names, the cache folder, and a published archive from file to benchmark."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.catalogue import (
    BENCHMARKS,
    Archive,
    CatalogueEntry,
    cache_folder,
    download_benchmark,
    load,
)
from nni_nlp_bench.benchmarks.download import DownloadError, git_blob_id
from nni_nlp_bench.benchmarks.entries.nas_bench_nlp import WIKITEXT_2
from nni_nlp_bench.core.registry import UnknownNameError
from search_spaces.registry import SPACES
from search_spaces.rnn_cell.published import named_recipe

Shared = Callable[[str], Path]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "cache"
    monkeypatch.setenv("NASBENCHMARK_DIR", str(folder))
    return folder


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """An archive of one log, in the release's format."""
    log = {
        "recepie": named_recipe("lstm").to_json(),
        "recepie_id": 1000001,
        "num_params": 1,
        "data": "data/small",
        "status": "OK",
        **{name: [2.0, 1.0] for name in ("train_losses", "val_losses", "test_losses")},
        "wall_times": [10.0, 10.0],
    }
    file = tmp_path / "small.zip"
    with zipfile.ZipFile(file, "w") as members:
        members.writestr("log.json", json.dumps(log))
    return file


@pytest.fixture
def small(archive: Path, monkeypatch: pytest.MonkeyPatch) -> CatalogueEntry:
    """A benchmark of another package, published at an address that nobody answers."""
    source = Archive("http://127.0.0.1:1/small.zip", git_blob_id(archive), "nas-bench-nlp", "1 log")
    entry = replace(WIKITEXT_2, name="tests/small", source=source)
    monkeypatch.setattr(BENCHMARKS, "_loaders", dict(BENCHMARKS._load()))
    BENCHMARKS.register(entry.name, entry)
    return entry


def test_every_entry_is_named_as_registered_and_has_a_known_space() -> None:
    assert len(list(BENCHMARKS)) >= 3
    for name in BENCHMARKS:
        entry = BENCHMARKS.get(name)
        assert entry.name == name
        assert entry.space in SPACES
        assert entry.citation
        assert entry.licence


def test_addresses_are_those_of_the_releases() -> None:
    archives = {n: s for n in BENCHMARKS if isinstance(s := BENCHMARKS.get(n).source, Archive)}
    decoders = {name: archives.pop(name) for name in [*archives] if name.startswith("lts/")}
    commit = "47770415327900684ed95c0bc9bf7cd0d0047fad"
    assert {archive.url for archive in decoders.values()} == {
        f"https://github.com/microsoft/archai/archive/{commit}.tar.gz"
    }
    assert [f"lts/{archive.dataset}" for archive in decoders.values()] == [*decoders]
    bert = archives.pop("nas-bench-bert/glue")
    release = "https://raw.githubusercontent.com/aaronserianni/training-free-nas/main"
    assert bert.url == f"{release}/data/BERT_benchmark.json"
    start = "https://raw.githubusercontent.com/fmsnew/nas-bench-nlp-release/master/train_logs_"
    assert {name: archive.url for name, archive in archives.items()} == {
        "nas-bench-nlp/ptb-multi-run": f"{start}multi_runs/logs.zip",
        "nas-bench-nlp/ptb-single-run": f"{start}single_run/logs.zip",
        "nas-bench-nlp/wikitext-2": f"{start}wikitext-2/logs.zip",
    }
    assert len({archive.blob_id for archive in archives.values()}) == 3


def test_cache_folder_is_nnis(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    pytest.importorskip("nni")
    from nni.nas.benchmark import constants

    for variables in ({}, {"NNI_HOME": "home"}, {"XDG_CACHE_HOME": "x"}, {"NASBENCHMARK_DIR": "n"}):
        for name in ("NNI_HOME", "XDG_CACHE_HOME", "NASBENCHMARK_DIR"):
            monkeypatch.delenv(name, raising=False)
        for name, value in variables.items():
            monkeypatch.setenv(name, str(tmp_path / value))
        assert str(cache_folder()) == constants._get_nasbenchmark_dir()


def test_the_published_archive_becomes_a_benchmark(
    shared: Shared, rng: np.random.Generator
) -> None:
    file = shared("nas-bench-nlp/wikitext2_logs.zip")
    report = download_benchmark(WIKITEXT_2.name, rng=rng, file=file)
    assert report is not None
    assert (report.read, report.kept) == (345, 345)
    lstm = load(WIKITEXT_2.name).curve(named_recipe("lstm"))
    assert np.exp(lstm.test_loss.min()) == pytest.approx(91.36, abs=0.005)


def test_download_and_import_happen_once(
    small: CatalogueEntry, archive: Path, rng: np.random.Generator
) -> None:
    assert not small.is_downloaded
    assert download_benchmark(small.name, rng=rng, file=archive) is not None
    assert small.is_downloaded
    assert load(small.name).query(named_recipe("lstm")).source == small.name
    assert download_benchmark(small.name, rng=rng, file=archive) is None
    assert download_benchmark(small.name, rng=rng) is None


def test_a_damaged_table_is_imported_again(
    small: CatalogueEntry, archive: Path, rng: np.random.Generator
) -> None:
    download_benchmark(small.name, rng=rng, file=archive)
    (small.table / "val_loss.npy").write_bytes(b"damaged")
    with pytest.raises(BenchmarkError, match=r"val_loss\.npy is damaged"):
        load(small.name)
    assert download_benchmark(small.name, rng=rng) is not None
    assert load(small.name).has_curves


def test_a_wrong_local_copy_leaves_nothing(tmp_path: Path, rng: np.random.Generator) -> None:
    file = tmp_path / "logs.zip"
    file.write_bytes(b"PK")
    with pytest.raises(DownloadError, match="is not the published file"):
        download_benchmark(WIKITEXT_2.name, rng=rng, file=file)
    assert not WIKITEXT_2.is_downloaded


def test_what_is_not_downloaded_names_the_command() -> None:
    for name in ("ptb-multi-run", "ptb-single-run", "wikitext-2"):
        command = f"run `nni-nlp-bench benchmark download nas-bench-nlp/{name}`"
        with pytest.raises(BenchmarkError, match=f"{command}.*--file FILE.*https://raw"):
            load(f"nas-bench-nlp/{name}")


def test_an_unknown_name_lists_the_known_ones(rng: np.random.Generator) -> None:
    known = r"unknown benchmark 'nas-bench-101'.*known: .*nas-bench-nlp/wikitext-2"
    with pytest.raises(UnknownNameError, match=known):
        load("nas-bench-101")
    with pytest.raises(UnknownNameError, match=known):
        download_benchmark("nas-bench-101", rng=rng)


def test_any_folder_of_a_table_loads(
    small: CatalogueEntry, archive: Path, tmp_path: Path, rng: np.random.Generator
) -> None:
    download_benchmark(small.name, rng=rng, file=archive)
    copy = tmp_path / "my table"
    shutil.copytree(small.table, copy)
    assert load(str(copy)).architectures() == (named_recipe("lstm"),)


def test_a_path_without_a_table_says_so(tmp_path: Path) -> None:
    with pytest.raises(BenchmarkError, match="is not a table"):
        load(str(tmp_path))
    file = tmp_path / "logs.zip"
    file.touch()
    with pytest.raises(BenchmarkError, match="is a file, not the folder of a table"):
        load(str(file))
