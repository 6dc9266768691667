"""NAS-Bench-ASR: files of the release's form, made here, to a table that searches ask.

The release's own files are no longer published. The numbers of the first model are those that its
documentation prints; all others are invented, and say nothing of any network.
"""

from __future__ import annotations

import csv
import os
import pickle
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers import import_benchmark
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.benchmarks.table_info import table_info
from nni_nlp_bench.benchmarks.training_run import TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.cli.app import app
from nni_nlp_bench.evaluators.budget import Budget
from nni_nlp_bench.evaluators.simulation import Settings, Simulation
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.search import Search, run_search, search_space
from search_spaces.asr_cell import AsrCell
from search_spaces.asr_cell.architecture import OPS
from search_spaces.asr_cell.parameters import num_parameters
from search_spaces.asr_cell.release_hash import release_hash
from search_spaces.registry import get_space

FIRST = "[[1,0],[1,0,0],[1,0,0,0]]"
TEST_PER = {1234: 0.23395703732967377, 1235: 0.242688849568367, 1236: 0.23728343844413757}
LATENCY = {"gtx-1080ti-fp32": 0.04320073127746582, "jetson-nano-fp32": 0.5421140193939209}
CELLS = [
    FIRST,
    "[[0,1],[1,1,0],[4,1,0,1]]",
    "[[2,1],[3,0,1],[0,0,0,1]]",
    "[[5,1],[5,0,0],[5,1,0,0]]",
]
SPACE = {"shape": [[6, 2], [6, 2, 2], [6, 2, 2, 2]], "ops": list(OPS), "nodes": 3}
COLUMNS = ["model_hash", "val_per", "test_per", "arch_vec"]
Change = Callable[[str, dict[str, Any], list[Any]], object]


def rows_of(number: type = float) -> dict[str, tuple[dict[str, Any], list[Any]]]:
    """Header and rows by the name of each file of 40 epochs."""
    cells = [AsrCell.from_list(text) for text in CELLS]
    hashes = [release_hash(cell) for cell in cells]
    vectors = [[tuple(node) for node in cell.to_vector()] for cell in cells]
    files: dict[str, tuple[dict[str, Any], list[Any]]] = {}
    for seed, published in TEST_PER.items():
        curve = np.linspace(0.9, 0.25, 40)
        tests = [published, 0.3, 0.4, 0.9]
        rows = [
            (model, [number(per + i / 10) for per in curve], tests[i], vectors[i])
            for i, model in enumerate(hashes)
        ]
        header = {"dataset_type": "training", "version": 1, "epochs": 40, "seed": seed}
        named = {**header, "columns": COLUMNS, "search_space": SPACE}
        files[f"nb-asr-e40-{seed}.pickle"] = (named, rows)
    for device, seconds in LATENCY.items():
        header = {"dataset_type": "benchmarking", "device": device, "version": 1}
        named = {**header, "columns": ["model_hash", "latency"], "search_space": SPACE}
        rows = [(model, seconds * (i + 1)) for i, model in enumerate(hashes)]
        files[f"nb-asr-bench-{device}.pickle"] = (named, rows)
    header = {"dataset_type": "static", "version": 2, "search_space": SPACE}
    info = [
        (model, num_parameters(cell), 10**9 * (i + 1))
        for i, (model, cell) in enumerate(zip(hashes, cells, strict=True))
    ]
    columns = ["model_hash", "params", "flops"]
    files["nb-asr-info.pickle"] = ({**header, "columns": columns}, info)
    return files


def write(
    folder: Path, change: Change | None = None, number: type = float, protocol: int = 4
) -> Path:
    folder.mkdir(exist_ok=True)
    for name, (header, rows) in rows_of(number).items():
        if change is not None:
            change(name, header, rows)
        content = pickle.dumps(header, protocol) + pickle.dumps(rows, protocol)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def table(tmp_path: Path) -> Table:
    """The table of such a folder."""
    report = import_benchmark(write(tmp_path / "files"), "nas-bench-asr", tmp_path / "asr")
    assert (report.read, report.kept, report.skipped) == (12, 12, ())
    return Table.load(tmp_path / "asr")


def test_published_numbers_come_out_as_they_went_in(table: Table) -> None:
    cell = AsrCell.from_list(FIRST)
    assert (table.unit, table.epochs, table.space_name) == (LossUnit.ERRORS, 40, "asr_cell")
    assert [table.query(cell, seed=i).metrics["test_per"] for i in table.seeds(cell)] == [  # type: ignore[index]
        *TEST_PER.values()
    ]
    assert table.query(cell).test_loss is None
    assert table.query(cell, 1).val_loss == 0.9
    assert table.query(cell).val_loss == pytest.approx(0.25)
    assert table.parameters(cell) == 26_338_848
    known = {f"latency_{device.replace('-', '_')}": value for device, value in LATENCY.items()}
    assert {name: table.known_metric(name, cell) for name in known} == known
    assert table.known_metric("flops", cell) == 1e9


def test_an_error_rate_is_minimised_everywhere(table: Table) -> None:
    best, worst = AsrCell.from_list(CELLS[0]), AsrCell.from_list(CELLS[3])
    for name in ("val_loss", "error_percent", "test_per"):
        objective = table.objectives[name]
        low, high = (table.value(name, a, table.query(a)) for a in (best, worst))
        assert low < high
        assert objective.direction == "minimize"
    info = table_info(table)
    assert info.best_metric == pytest.approx(25)
    assert AsrCell.from_json(info.best_architecture or "") == best
    trials = run_search(
        table, Search(StrategyConfig.of("random"), 0, Settings(budget=Budget(4)), restrict=True)
    ).trials
    assert max(trials, key=lambda trial: trial.score).architecture == best
    api = DatasetApi(table, search_space(table, restrict=True))
    ranked = sorted(table.architectures(), key=lambda a: api.accuracy(api.result(a, 40), "val"))
    assert (ranked[0], ranked[-1]) == (worst, best)


@pytest.mark.parametrize("protocol", [3, 4, 5])
def test_numbers_of_numpy_are_read(protocol: int, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", number=np.float32, protocol=protocol)
    import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    found = Table.load(tmp_path / "asr").query(AsrCell.from_list(FIRST), 1).val_loss
    assert found == float(np.float32(0.9))


def test_one_file_alone(tmp_path: Path) -> None:
    file = write(tmp_path / "files") / "nb-asr-e40-1235.pickle"
    report = import_benchmark(file, "nas-bench-asr", tmp_path / "asr")
    alone = Table.load(tmp_path / "asr")
    cell = AsrCell.from_list(FIRST)
    assert list(alone.seeds(cell)) == [0]
    assert alone.query(cell).metrics == {"test_per": TEST_PER[1235]}
    assert any("seeds 1235" in note for note in report.notes)
    assert "params: unknown for 4 of 4 models" in report.notes
    with pytest.raises(
        BenchmarkError, match="is no file of timit-e10 by its name, such as nb-asr-e10"
    ):
        import_benchmark(file, "nas-bench-asr", tmp_path / "other", dataset="timit-e10")
    with pytest.raises(
        BenchmarkError, match="no data set 'ptb'; known: timit, timit-e10, timit-e5"
    ):
        import_benchmark(file, "nas-bench-asr", tmp_path / "other", dataset="ptb")


@pytest.mark.parametrize("name", [*rows_of()])
def test_a_missing_file_is_named(name: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "files")
    (folder / name).unlink()
    with pytest.raises(BenchmarkError, match=f"files lacks {name}: put all files there"):
        import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    assert not (tmp_path / "asr").exists()


def only(name: str, change: Callable[[dict[str, Any], list[Any]], object]) -> Change:
    return lambda file, header, rows: change(header, rows) if file == name else None


LATER, INFO = "nb-asr-e40-1235.pickle", "nb-asr-info.pickle"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (only(LATER, lambda h, r: r.pop()), "lacks 1 of 4 models that other seeds have, such as"),
        (only(LATER, lambda h, r: r.append(r[0])), "row 4 has no hash, or that of another row"),
        (only(LATER, lambda h, r: r.clear()), "has no rows after its header"),
        (only(LATER, lambda h, r: h.update(seed=1236)), "its header has another seed than 1235"),
        (only(LATER, lambda h, r: h.update(epochs=10)), "its header has another epochs than 40"),
        (only(LATER, lambda h, r: h.update(columns=COLUMNS[:3])), "has no column 'arch_vec'"),
        (
            only(LATER, lambda h, r: h.update(search_space={"ops": ["zero"]})),
            "its operations are not",
        ),
        (only(LATER, lambda h, r: h.clear()), "its header has no columns"),
        (only(LATER, lambda h, r: r.append((1,))), "row 4 has not the 4 columns"),
        (only(INFO, lambda h, r: h.update(columns=["model_hash", "params"])), "no column 'flops'"),
        (
            only(INFO, lambda h, r: r.append(("other", -1, 2))),
            "model other: its params is no number from 0",
        ),
    ],
)
def test_files_that_contradict_are_refused(change: Change, reason: str, tmp_path: Path) -> None:
    folder = write(tmp_path / "files", change)
    with pytest.raises(BenchmarkError, match=reason) as error:
        import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    assert "\n" not in str(error.value)
    assert not (tmp_path / "asr").exists()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (lambda row: (row[0], row[1], row[2], [(1, 0), (1, 0, 0), (1, 0, 0, 1)]), "another hash"),
        (lambda row: (row[0], row[1], row[2], 7), "must look like"),
        (lambda row: (row[0], row[1][:39], row[2], row[3]), "has 39 epochs, not 40"),
        (lambda row: (row[0], [*row[1][:39], "low"], row[2], row[3]), "is no list of numbers"),
        (
            lambda row: (row[0], [*row[1][:39], -0.2], row[2], row[3]),
            "a val_loss of -0.2 is impossible",
        ),
        (lambda row: (row[0], row[1], float("nan"), row[3]), "its test_per is no number"),
    ],
)
def test_one_bad_row_is_named_and_skipped(
    row: Callable[[Any], Any], reason: str, tmp_path: Path
) -> None:
    def change(header: dict[str, Any], rows: list[Any]) -> None:
        rows[1] = row(rows[1])

    folder = write(tmp_path / "files", only(LATER, change))
    report = import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    (skipped,) = report.skipped
    assert skipped.name.endswith(" 1235")
    assert reason in skipped.reason
    assert report.kept == 11


def test_unknown_metrics_are_said_and_not_made_up(tmp_path: Path) -> None:
    device = "nb-asr-bench-jetson-nano-fp32.pickle"
    folder = write(tmp_path / "files", only(device, lambda h, r: r.pop(0)))
    report = import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    assert "latency_jetson_nano_fp32: unknown for 1 of 4 models" in report.notes
    table = Table.load(tmp_path / "asr")
    with pytest.raises(BenchmarkError, match="does not record the latency_jetson_nano_fp32"):
        table.known_metric("latency_jetson_nano_fp32", AsrCell.from_list(FIRST))


class Hostile:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"touch {self.path}",)


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_that_calls_runs_nothing(protocol: int, tmp_path: Path) -> None:
    marker = tmp_path / "was-here"
    change = only(LATER, lambda h, r: r.append(Hostile(marker)))
    folder = write(tmp_path / "files", change, protocol=protocol)
    with pytest.raises(BenchmarkError, match=r"the name (posix|nt)\.system is not allowed"):
        import_benchmark(folder, "nas-bench-asr", tmp_path / "asr")
    assert not marker.exists()


@pytest.mark.parametrize(
    "content",
    [
        b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93\x8c\x02O8\x85R.",
        b"\x80\x04\x8c\x05numpy\x8c\x05dtype\x93)R.",
        b"\x80\x04cnumpy\ndtype\n]\x85R.",
        b"\x80\x04cnumpy.core.multiarray\nscalar\n\x8c\x02f4C\x04abcd\x86R.",
        b"\x80\x04cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\n\x8c\x02f4\x85RC\x03abc\x86R.",
        b"\x80\x04K\x01)R.",
        b"\x80\x04K\x01)b.",
        b"\x80\x04))\x93.",
        b"\x80\x04cnumpy\ndtype\n\x8c\x02f4\x85R)b.",
    ],
)
def test_hostile_numbers_of_numpy_are_one_line(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "nb-asr-e5-1234.pickle"
    file.write_bytes(content + content)
    with pytest.raises(BenchmarkError, match="is not a pickle of plain values") as error:
        import_benchmark(file, "nas-bench-asr", tmp_path / "asr")
    assert "\n" not in str(error.value)


@pytest.mark.slow
def test_a_search_speaks_of_error_rates_alone(table: Table, tmp_path: Path) -> None:
    table.save(tmp_path / "table")
    compare = ["compare", "--benchmark", tmp_path / "table", "--restrict", "--trials", 4]
    compare += ["--strategies", "random,local_search", "--seeds", 2, "--processes", 1]
    found = CliRunner().invoke(app, [*map(str, compare), "--out", str(tmp_path / "out")])
    page = tmp_path / "report.html"
    told = CliRunner().invoke(app, ["report", str(tmp_path / "out"), "--out", str(page)])
    assert found.exit_code == told.exit_code == 0, found.output + told.output
    for text in (found.stdout, told.stdout, page.read_text("utf-8")):
        assert "errors per phoneme" in text
        words = set(re.findall(r"\w+", text))
        assert not {"nats", "perplexity", "ppl", "points", "score"} & words
    assert "release_hash 36855332a5778e0df5114305bc3ce238" in page.read_text("utf-8")
    with (tmp_path / "out/summary.csv").open() as file:
        best = [float(row["best_error_percent"]) for row in csv.DictReader(file)]
    assert best == pytest.approx([25.0] * 4)


@pytest.mark.slow
def test_nnis_random_and_evolution_search_the_space() -> None:
    """On invented error rates, which fall with the number of parameters."""
    pytest.importorskip("nni")
    import nni.nas.strategy
    from nni.nas.execution import SequentialExecutionEngine

    from nni_nlp_bench.frameworks.nni.evaluators.benchmark import ChoiceSpace, SimulationEvaluator

    space, rng = get_space("asr_cell"), np.random.default_rng(0)
    cells = [space.sample(rng) for _ in range(200)]
    runs = [
        TrainingRun(architecture=cell, name=str(i), val_loss=np.array([1e7 / num_parameters(cell)]))
        for i, cell in enumerate(cells)
    ]
    table = Table.from_runs(
        runs, name="invented", space="asr_cell", epochs=1, has_curves=False, unit=LossUnit.ERRORS
    )
    for strategy in (
        nni.nas.strategy.Random(seed=1),
        nni.nas.strategy.RegularizedEvolution(population_size=5, sample_size=3, seed=1),
    ):
        simulation = Simulation(table, Settings(budget=Budget(1000)))
        evaluator = SimulationEvaluator(simulation, search_space(table, restrict=True))
        strategy(ChoiceSpace(evaluator), SequentialExecutionEngine(20))
        assert len(simulation.trials) == 20
        assert max(t.score for t in simulation.trials) > -np.median([r.val_loss for r in runs])
