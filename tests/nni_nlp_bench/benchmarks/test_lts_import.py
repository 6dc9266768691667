"""LiteTransformerSearch: folders and archives of the release's form, and its download."""

from __future__ import annotations

import gzip
import io
import math
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Archive, download_benchmark, load
from nni_nlp_bench.benchmarks.download import DownloadError
from nni_nlp_bench.benchmarks.importers import import_benchmark, import_lts_sets
from nni_nlp_bench.benchmarks.importers.lts_files import git_tree, tree_id
from nni_nlp_bench.benchmarks.table import Table

# The layout of a set, with two networks.
CONFIG = {
    "n_token": 50_264,
    "cutoffs": [59_997, 99_997, 639_997, 50_264],
    "tgt_len": 32,
    "d_model": 128,
    "d_embed": -1,
    "div_val": 4,
    "n_layer": 2,
    "n_head": [2, 4],
    "d_inner": [512, 640],
}
COUNTS = {"AdaEmb": 6_454_272.0}


def small_set(**changes: Any) -> dict[str, bytes]:
    """Files of a set of a search; a change of None leaves a file out."""
    files: dict[str, Any] = {
        "ppl_summary.yaml": {"M1": math.e**4, "M2": math.e**5},
        "params_summary.yaml": {"M1": COUNTS, "M2": COUNTS},
        "latency_summary.yaml": {"M1": 20.0},
        "memory_summary.yaml": {"M1": 100.0, "M2": 200.0},
        "M1/model_config.yaml": CONFIG,
        "M2/model_config.yaml": CONFIG | {"n_head": [8, 8]},
    }
    return {
        path: content if isinstance(content, bytes) else yaml.safe_dump(content).encode()
        for path, content in (files | changes).items()
        if content is not None
    }


def write_folder(folder: Path, files: Mapping[str, bytes]) -> Path:
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def write_tar(path: Path, files: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_zip(path: Path, files: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


SET = "pareto_GPT2_lm1b_arm"


@pytest.mark.parametrize(
    "write",
    [
        lambda folder, files: write_folder(folder / SET, files),
        lambda folder, files: write_folder(folder / SET, files).parent,
        lambda folder, files: write_tar(folder / f"{SET}.tar.gz", files),
        lambda folder, files: write_tar(
            folder / "x.tgz", {f"archai-4777/nlp/{SET}/{name}": of for name, of in files.items()}
        ),
        lambda folder, files: write_zip(
            folder / "x.zip", {f"{SET}/{name}": of for name, of in files.items()}
        ),
    ],
)
def test_folders_and_archives_hold_the_same(
    write: Callable[[Path, dict[str, bytes]], Path], tmp_path: Path
) -> None:
    (tmp_path / "in").mkdir()
    source = write(tmp_path / "in", small_set())
    (report,) = import_lts_sets(source, tmp_path / "table").values()
    assert (report.kept, report.skipped) == (2, ())
    table = Table.load(tmp_path / "table")
    first, second = table.architectures()
    assert table.query(first).val_loss == pytest.approx(4)
    assert table.query(first).metrics == {
        "non_embedding_parameters": 429_696.0,
        "latency": 20.0,
        "memory": 100.0,
    }
    assert "latency" not in (table.query(second).metrics or {})
    assert table.recipe_ids(second) == (2,)
    assert table.parameters(first) == 6_454_272 + 429_696 + 50_264 + 128 * 128


def test_one_of_several_sets_is_chosen_by_name(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    for name in (SET, "pareto_GPT2_lm1b_corei7"):
        write_folder(folder / name, small_set())
    with pytest.raises(BenchmarkError, match="choose one of: gpt2-lm1b-arm, gpt2-lm1b-corei7"):
        import_benchmark(folder, "lts", tmp_path / "table")
    for name in ("gpt2-lm1b-arm", SET):
        import_benchmark(folder, "lts", tmp_path / name, dataset=name)
        assert len(Table.load(tmp_path / name)) == 2
    with pytest.raises(BenchmarkError, match="no set 'txl-lm1b'; it has: gpt2-lm1b-arm, gpt2"):
        import_benchmark(folder, "lts", tmp_path / "table", dataset="txl-lm1b")
    assert set(import_lts_sets(folder, tmp_path / "all")) == {
        tmp_path / "all/gpt2-lm1b-arm",
        tmp_path / "all/gpt2-lm1b-corei7",
    }


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ppl_summary.yaml": {"M1": 60.0}}, "it has no perplexity"),
        ({"M2/model_config.yaml": None}, "it has no model_config.yaml"),
        ({"M2/model_config.yaml": CONFIG | {"n_token": 50_257}}, "of no published set"),
        ({"ppl_summary.yaml": {"M1": 60.0, "M2": "low"}}, "valid_ppl must be a number"),
        ({"ppl_summary.yaml": {"M1": 60.0, "M2": 0.5}}, "valid_ppl must be at least 1"),
        ({"ppl_summary.yaml": {"M1": 60.0, "M2": math.inf}}, "valid_ppl must be a number"),
        ({"memory_summary.yaml": {"M2": -1.0}}, "the memory must be a number of 0 or above"),
    ],
)
def test_a_network_that_lacks_something_is_named(
    change: dict[str, Any], reason: str, tmp_path: Path
) -> None:
    source = write_folder(tmp_path / SET, small_set(**change))
    report = import_benchmark(source, "lts", tmp_path / "table")
    assert report.kept == 1
    assert [skipped.name for skipped in report.skipped] == ["M2"]
    assert reason in report.skipped[0].reason


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"ppl_summary.yaml": None}, "no ppl_summary.yaml"),
        ({"ppl_summary.yaml": b"M1: ["}, "ppl_summary.yaml is not YAML"),
        ({"ppl_summary.yaml": b"!!python/object/apply:os.getcwd []"}, "is not YAML"),
        ({"params_summary.yaml": [1]}, "must map networks to numbers of parameters"),
        ({"ppl_summary.yaml": {"M9": 60.0}}, "nothing to import. M1: it has no perplexity"),
    ],
)
def test_a_damaged_set_is_refused(change: dict[str, Any], reason: str, tmp_path: Path) -> None:
    source = write_folder(tmp_path / SET, small_set(**change))
    with pytest.raises(BenchmarkError, match=reason):
        import_benchmark(source, "lts", tmp_path / "table")
    assert not (tmp_path / "table").exists()


def test_hostile_archives_are_refused(tmp_path: Path) -> None:
    files = {f"{SET}/{name}": content for name, content in small_set().items()}
    whole = write_tar(tmp_path / "whole.tar.gz", files).read_bytes()
    link = tarfile.TarInfo(f"{SET}/ppl_summary.yaml")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(tmp_path / "link.tar.gz", "w:gz") as archive:
        archive.addfile(link)
    for name, write, reason in (
        ("cut.tar.gz", whole[: len(whole) // 2], "not a whole tar archive"),
        ("text.tar.gz", b"not an archive", "not a whole tar archive"),
        ("zeros.tar.gz", gzip.compress(b"\0" * 2_000, mtime=0), "holds no set"),
    ):
        (tmp_path / name).write_bytes(write)
        with pytest.raises(BenchmarkError, match=reason):
            import_lts_sets(tmp_path / name, tmp_path / "table")
    with pytest.raises(BenchmarkError, match="is a link"):
        import_lts_sets(tmp_path / "link.tar.gz", tmp_path / "table")
    outside = write_tar(
        tmp_path / "outside.tar.gz", {f"../{name}": of for name, of in files.items()}
    )
    with pytest.raises(BenchmarkError, match="points outside"):
        import_lts_sets(outside, tmp_path / "table")
    huge = write_tar(tmp_path / "huge.tar.gz", {f"{SET}/a.yaml": b"0" * (11 * 2**20)})
    with pytest.raises(BenchmarkError, match="more than 10,485,760 bytes"):
        import_lts_sets(huge, tmp_path / "table")
    twice = write_tar(
        tmp_path / "twice.tar.gz", files | {f"x/{name}": of for name, of in files.items()}
    )
    with pytest.raises(BenchmarkError, match="more than once"):
        import_lts_sets(twice, tmp_path / "table")


def test_the_tree_id_is_gits(tmp_path: Path) -> None:
    """Of the files of two sets, one of whose names is the beginning of the other's."""
    files = {
        f"{name}/{path}": content
        for name in ("random_TransXL_wt103", "random_TransXL_wt103_homogeneous")
        for path, content in small_set().items()
    }
    archive = write_tar(
        tmp_path / "x.tar.gz", {f"saved_logs/{name}": of for name, of in files.items()}
    )
    assert tree_id(archive) == git_tree(files).hex() == "e3d1c518482857309c6cffe07abc21a209efd07c"
    if shutil.which("git"):
        write_folder(tmp_path / "tree", files)

        def git(*arguments: str) -> str:
            command = ["git", "-C", str(tmp_path / "tree"), *arguments]
            return subprocess.run(command, check=True, capture_output=True, text=True).stdout

        git("init", "--quiet")
        git("add", "--all")
        assert git("write-tree").strip() == tree_id(archive)
    (tmp_path / "other").write_bytes(b"other")
    assert tree_id(tmp_path / "other") == "unreadable"


def test_one_download_is_for_all_sets(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, rng: np.random.Generator
) -> None:
    monkeypatch.setenv("NASBENCHMARK_DIR", str(tmp_path / "cache"))
    files = {f"{SET}/{name}": content for name, content in small_set().items()}
    archive = write_tar(tmp_path / "copy.tar.gz", files)
    name = "lts/gpt2-lm1b-arm"
    with pytest.raises(DownloadError, match="not the published file: its git id is"):
        download_benchmark(name, rng=rng, file=archive)
    entry = BENCHMARKS.get(name)
    assert isinstance(entry.source, Archive)
    source = replace(entry.source, blob_id=tree_id(archive), url="http://127.0.0.1:1/x.tar.gz")
    monkeypatch.setattr(BENCHMARKS, "_loaders", dict(BENCHMARKS._load()))
    BENCHMARKS.register("lts/small", replace(entry, name="lts/small", source=source))
    report = download_benchmark("lts/small", rng=rng, file=archive)
    assert report is not None
    assert report.kept == 2
    assert load("lts/small").name == "lts/small"
    assert (tmp_path / "cache/lts/x.tar.gz").is_file()
    BENCHMARKS.register("lts/other", replace(entry, name="lts/other", source=source))
    assert download_benchmark("lts/other", rng=rng) is not None  # nobody answers at the address
