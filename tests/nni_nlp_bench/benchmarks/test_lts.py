"""LiteTransformerSearch: from the release's files to tables, and their published figures."""

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
from numpy.typing import NDArray
from scipy.special import comb
from scipy.stats import kendalltau

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.catalogue import BENCHMARKS, Archive, download_benchmark, load
from nni_nlp_bench.benchmarks.download import DownloadError
from nni_nlp_bench.benchmarks.importers import import_benchmark, import_lts_sets
from nni_nlp_bench.benchmarks.importers.lts_files import SETS, git_tree, tree_id
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info

Shared = Callable[[str], Path]
Values = NDArray[np.float64]


@pytest.fixture(scope="module")
def tables(shared: Shared, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Table]:
    """The tables of all sets of the shared archive."""
    out = tmp_path_factory.mktemp("lts")
    reports = import_lts_sets(shared("lts/saved_logs.tar.gz"), out)
    assert all(folder.parent == out for folder in reports)
    return {folder.name: Table.load(folder) for folder in reports}


def perplexities(table: Table) -> Values:
    return np.exp(np.array([table.query(a).val_loss for a in table.architectures()]))


def known(table: Table, name: str) -> Values:
    return np.array([table.known_metric(name, a) for a in table.architectures()])


def depths(table: Table) -> Values:
    return np.array([len(a.layers) for a in table.architectures()], dtype=float)


# Perplexities; tau of parameters outside the embedding, of all, of layers; fronts; regret of random
# search after 10, 20 and 50 evaluations.
RANDOM_SETS = {
    "gpt2-wt103": (24.33, 74.38, 0.847, 0.582, 0.362, 37, 37, 2.40, 1.35, 0.53),
    "gpt2-lm1b": (52.28, 87.09, 0.909, 0.840, 0.326, 47, 47, 2.04, 0.98, 0.41),
    "txl-wt103": (25.53, 66.79, 0.861, 0.222, 0.192, 23, 38, 1.78, 0.85, 0.31),
    "txl-lm1b": (37.43, 96.27, 0.976, 0.976, 0.245, 93, 93, 1.32, 0.52, 0.19),
    "txl-wt103-homogeneous": (30.81, 69.23, 0.817, 0.277, 0.189, 19, 22, 3.00, 1.56, 0.40),
}
RANDOM_HYPERVOLUMES = {
    "gpt2-wt103": (0.828, 0.860, 0.883, 0.904),
    "gpt2-lm1b": (0.689, 0.732, 0.762, 0.785),
    "txl-wt103": (0.778, 0.816, 0.844, 0.865),
    "txl-lm1b": (0.764, 0.800, 0.821, 0.832),
    "txl-wt103-homogeneous": (0.703, 0.747, 0.784, 0.802),
}
# Number; perplexities; tau as above; fronts against all parameters, those outside the embedding,
# latency and memory; latencies; regret after 10 and 20; hypervolume with latency and memory.
SEARCHES = {
    "gpt2-lm1b-arm": (
        *(45, 47.74, 74.89, 0.947, 0.896, 0.862, 19, 25, 21, 33, 1007, 6388),
        *(0.48, 0.10, 0.729, 0.702),
    ),
    "gpt2-lm1b-corei7": (
        *(38, 47.79, 75.22, 0.952, 0.895, 0.905, 21, 26, 24, 33, 130, 693),
        *(0.89, 0.29, 0.713, 0.684),
    ),
    "gpt2-lm1b-titanxp": (
        *(38, 48.00, 73.69, 0.946, 0.895, 0.856, 20, 24, 24, 22, 4.58, 17.9),
        *(0.80, 0.18, 0.743, 0.647),
    ),
    "txl-lm1b-arm": (
        *(39, 34.42, 60.77, 0.937, 0.924, 0.904, 21, 25, 24, 24, 879, 4231),
        *(0.27, 0.05, 0.797, 0.834),
    ),
    "txl-lm1b-corei7": (
        *(35, 34.38, 67.36, 0.944, 0.931, 0.915, 20, 22, 22, 25, 118, 491),
        *(0.24, 0.02, 0.832, 0.860),
    ),
    "txl-lm1b-titanxp": (
        *(40, 34.01, 65.99, 0.908, 0.895, 0.910, 15, 18, 14, 24, 5.2, 20.2),
        *(0.50, 0.16, 0.923, 0.854),
    ),
}
IN_ARCHIVE = {*SETS.values()} - {"txl-wt103", "txl-lm1b-corei7"}


def test_the_archive_holds_nine_sets(tables: dict[str, Table]) -> None:
    assert set(tables) == IN_ARCHIVE
    assert {name: len(table) for name, table in tables.items()} == {
        "gpt2-wt103": 200,
        "gpt2-lm1b": 200,
        "txl-lm1b": 183,
        "txl-wt103-homogeneous": 98,
        **{name: of[0] for name, of in SEARCHES.items() if name in IN_ARCHIVE},
    }


@pytest.mark.parametrize("name", [name for name in RANDOM_SETS if name in IN_ARCHIVE])
def test_published_figures_of_a_random_set(tables: dict[str, Table], name: str) -> None:
    table = tables[name]
    quality, inner = perplexities(table), known(table, "non_embedding_parameters")
    total = known(table, "parameters")
    figures = (
        *(quality.min(), quality.max()),
        *(-kendalltau(of, quality).statistic for of in (inner, total, depths(table))),
        *(len(front(quality, of)) for of in (total, inner)),
        *(expected_minimum(quality, n) - quality.min() for n in (10, 20, 50)),
    )
    assert_equal_as_printed(figures, RANDOM_SETS[name])
    volumes = [expected_hypervolume(quality, inner, n) for n in (10, 20, 50, len(quality))]
    assert_equal_as_printed(volumes, RANDOM_HYPERVOLUMES[name])


@pytest.mark.parametrize("name", [name for name in SEARCHES if name in IN_ARCHIVE])
def test_published_figures_of_a_search(tables: dict[str, Table], name: str) -> None:
    table = tables[name]
    quality, latency, memory = perplexities(table), known(table, "latency"), known(table, "memory")
    inner, total = known(table, "non_embedding_parameters"), known(table, "parameters")
    figures = (
        *(len(table), quality.min(), quality.max()),
        *(-kendalltau(of, quality).statistic for of in (inner, total, depths(table))),
        *(len(front(quality, of)) for of in (total, inner, latency, memory)),
        *(latency.min(), latency.max()),
        *(expected_minimum(quality, n) - quality.min() for n in (10, 20)),
        *(expected_hypervolume(quality, of, len(quality)) for of in (latency, memory)),
    )
    assert_equal_as_printed(figures, SEARCHES[name])


def test_memory_on_arm_in_bytes(tables: dict[str, Table]) -> None:
    """The sums of allocations are linear in sizes, to the byte."""
    for name, terms in {
        "gpt2-lm1b-arm": (46_171_008, 85_372, 40_136, 11_520, 6_912, 737_280),
        "txl-lm1b-arm": (88_245_904, 8_064, 3_084, 9_216, 2_304, 1_132_032),
    }.items():
        table = tables[name]
        for decoder, memory in zip(table.architectures(), known(table, "memory"), strict=True):
            depth, width = len(decoder.layers), decoder.d_model
            inner = sum(layer.d_inner for layer in decoder.layers)
            heads = sum(layer.n_head for layer in decoder.layers)
            sizes = (1, width, depth, depth * width, inner, heads)
            expected = sum(term * size for term, size in zip(terms, sizes, strict=True))
            assert memory * 2**20 == pytest.approx(expected, abs=0.5)


def test_units_times_and_origin_are_recorded(tables: dict[str, Table]) -> None:
    hours = {
        name: sum(table.query(a).wall_time_s for a in table.architectures()) / 3600
        for name, table in tables.items()
        if "wall_time_s" in table.metadata.recorded
    }
    assert {name: round(of) for name, of in hours.items()} == {
        "gpt2-wt103": 288,
        "gpt2-lm1b": 1210,
        "txl-lm1b": 1564,
        "txl-wt103-homogeneous": 311,
    }
    table = tables["txl-lm1b-arm"]
    assert [*map(str, table.objectives.values())][-3:] == [
        "non_embedding_parameters",
        "latency (ms)",
        "memory (MiB)",
    ]
    info = table_info(table)
    assert (info.dataset, info.licence, info.space) == ("lm1b-pareto", "MIT", "lts")
    assert "NeurIPS 2022" in info.citation
    assert table.space.sample(np.random.default_rng(0)).dataset == "lm1b-pareto"


def front(first: Values, second: Values) -> list[int]:
    """Return the points that no other one dominates."""
    return [
        i
        for i in range(len(first))
        if not (
            (first <= first[i])
            & (second <= second[i])
            & ((first < first[i]) | (second < second[i]))
        ).any()
    ]


def expected_minimum(values: Values, draws: int) -> float:
    """Return the mean minimum of draws without replacement."""
    ordered, count = np.sort(values), len(values)
    left = count - 1 - np.arange(count)
    return float(ordered @ (comb(left, draws - 1) / comb(count, draws)))


def expected_hypervolume(first: Values, second: Values, draws: int) -> float:
    """Return the mean area that draws without replacement dominate, of axes scaled to 0 and 1."""
    x, y = ((of - of.min()) / np.ptp(of) for of in (first, second))
    xs, ys = np.unique([*x, 1.0]), np.unique([*y, 1.0])
    dominating = np.array([[((x <= a) & (y <= b)).sum() for b in ys[:-1]] for a in xs[:-1]])
    count = len(x)
    covered = 1 - comb(count - dominating, draws) / comb(count, draws)
    return float(np.diff(xs) @ covered @ np.diff(ys))


def assert_equal_as_printed(figures: Any, printed: Any) -> None:
    """Each figure rounds to the printed one."""
    for figure, expected in zip(figures, printed, strict=True):
        digits = len(str(expected).partition(".")[2])
        assert abs(figure - expected) <= 0.5000001 * 10**-digits, (figure, expected)


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
        ("zeros.tar.gz", gzip.compress(b"\0" * 2_000), "holds no set"),
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
