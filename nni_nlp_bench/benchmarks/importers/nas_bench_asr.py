"""Import of NAS-Bench-ASR: phoneme error rates (PER) of cells on TIMIT (Mehrotra et al., 2021).

`nb-asr-e40-1234.pickle` holds trainings of 40 epochs with the seed 1234; other files of the release
hold latencies by device, and parameters and FLOPs.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from nni_nlp_bench.benchmarks.base import OK, BenchmarkError
from nni_nlp_bench.benchmarks.importers.nas_bench_asr_files import HASH, Row, number, read_rows
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.training_run import MAX_WHOLE, TrainingRun
from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.core.input_files import is_file, is_folder
from search_spaces.asr_cell.architecture import AsrCell
from search_spaces.asr_cell.release_hash import release_hash

TRAININGS = {
    "timit": (40, (1234, 1235, 1236)),
    "timit-e10": (10, (1234,)),
    "timit-e5": (5, (1234,)),
}
"""Data set, with the length of shorter trainings -> their epochs and seeds."""
DEVICES = ("gtx-1080ti-fp32", "jetson-nano-fp32")
INFO = "nb-asr-info.pickle"
TEST_PER = Objective("test_per", LossUnit.ERRORS.value)
LATENCIES = {
    device: Objective(f"latency_{device.replace('-', '_')}", "s", requires_training=False)
    for device in DEVICES
}
FLOPS = Objective("flops", "FLOPs", requires_training=False)
NOT_FINITE = "a validation PER is not finite"
_PARAMETERS = "params"
_TRAINING_FILE = re.compile(r"nb-asr-e(\d+)-(\d+)\.pickle")
_NOTES = (
    "losses are phoneme error rates on the validation set, after each epoch",
    "the error rate on the test set was taken once per training, at the epoch of the best "
    "validation: it is the metric test_per, and there are no test losses",
)
Values = dict[str, dict[str, float]]
"""Hash of a model -> its metrics by name, and its `params`."""


def read_nas_bench_asr(
    source: Path, dataset: str | None = None, progress: Progress = no_progress
) -> Reading:
    """Read a folder with all files of one length of trainings, or one file of trainings alone.

    The runs of a cell are its trainings in the order of the seeds.

    Args:
        source: The folder; or a file of trainings, without latencies, parameters and FLOPs.
        dataset: `timit` (40 epochs, the default), `timit-e10` or `timit-e5`.
        progress: Called with the bytes read of each file.

    Raises:
        BenchmarkError: A file of the folder is missing or damaged, or files contradict each other.
    """
    dataset = dataset or _dataset_of(source)
    if dataset not in TRAININGS:
        raise BenchmarkError(f"no data set {dataset!r}; known: {', '.join(TRAININGS)}")
    epochs, seeds = TRAININGS[dataset]
    names = {seed: f"nb-asr-e{epochs}-{seed}.pickle" for seed in seeds}
    if is_folder(source):
        _check_complete(source, names.values())
        files = {seed: source / name for seed, name in names.items()}
    else:
        files = {seed: source for seed, name in names.items() if name == source.name}
    if not files:
        wanted = " or ".join(names.values())
        raise BenchmarkError(f"{source} is no file of {dataset} by its name, such as {wanted}")
    trainings = {
        seed: read_rows(
            file, ("val_per", "test_per", "arch_vec"), {"seed": seed, "epochs": epochs}, progress
        )
        for seed, file in files.items()
    }
    _check_same_models(files, trainings)
    metrics, values = _read_metrics(source, progress) if is_folder(source) else ((), {})
    runs, skipped = _runs(dataset, trainings, values)
    notes = (*_NOTES, _order_note(files), *_unknown(metrics, values, trainings))
    return Reading(
        tuple(runs),
        tuple(skipped),
        notes,
        space="asr_cell",
        unit=LossUnit.ERRORS,
        epochs=epochs,
        metrics=(TEST_PER, *metrics),
    )


def _dataset_of(source: Path) -> str:
    """Return the data set that the name of a file says, or the first."""
    named = _TRAINING_FILE.fullmatch(source.name)
    by_epochs = {str(epochs): name for name, (epochs, _) in TRAININGS.items()}
    return by_epochs.get(named[1] if named else "", next(iter(TRAININGS)))


def _check_complete(folder: Path, names: Iterable[str]) -> None:
    others = (*(f"nb-asr-bench-{device}.pickle" for device in DEVICES), INFO)
    missing = [name for name in (*names, *others) if not is_file(folder / name)]
    if missing:
        raise BenchmarkError(
            f"{folder} lacks {', '.join(missing)}: put all files there, or import one file of "
            "trainings alone by its path"
        )


def _check_same_models(files: Mapping[int, Path], trainings: Mapping[int, dict[str, Row]]) -> None:
    """Raise BenchmarkError if a seed lacks a model that another one has."""
    models = set().union(*trainings.values())
    for seed, rows in trainings.items():
        if lacking := sorted(models - rows.keys()):
            raise BenchmarkError(
                f"{files[seed]} lacks {len(lacking)} of {len(models)} models that other seeds "
                f"have, such as {lacking[0]}"
            )


def _read_metrics(folder: Path, progress: Progress) -> tuple[tuple[Objective, ...], Values]:
    """Return the metrics of latency and information files, and their values."""
    values: Values = {}

    def read(name: str, columns: Mapping[str, str], expected: dict[str, str]) -> None:
        for model, row in read_rows(folder / name, columns, expected, progress).items():
            try:
                found = {
                    metric: number(row, column, MAX_WHOLE) for column, metric in columns.items()
                }
            except BenchmarkError as error:
                raise BenchmarkError(f"{folder / name}: model {model}: {error}") from None
            values.setdefault(model, {}).update(found)

    for device, metric in LATENCIES.items():
        read(f"nb-asr-bench-{device}.pickle", {"latency": metric.name}, {"device": device})
    read(INFO, {_PARAMETERS: _PARAMETERS, "flops": FLOPS.name}, {})
    return (*LATENCIES.values(), FLOPS), values


def _order_note(seeds: Iterable[int]) -> str:
    named = ", ".join(map(str, seeds))
    return f"the runs of a network are those of the seeds {named}, in this order for each hash"


def _unknown(
    metrics: Iterable[Objective], values: Values, trainings: Mapping[int, dict[str, Row]]
) -> Iterator[str]:
    """Yield a note for each metric that some of the trained models lack."""
    models = set().union(*trainings.values())
    for name in (*(metric.name for metric in metrics), _PARAMETERS):
        lacking = sum(name not in values.get(model, {}) for model in models)
        if lacking:
            yield f"{name}: unknown for {lacking} of {len(models)} models"


def _runs(
    dataset: str, trainings: Mapping[int, dict[str, Row]], values: Values
) -> tuple[list[TrainingRun], list[Skipped]]:
    epochs, _ = TRAININGS[dataset]
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    for seed, rows in trainings.items():
        for model, row in rows.items():
            name = f"{model} {seed}"
            try:
                runs.append(_run(name, row, epochs, dataset, dict(values.get(model, {}))))
            except UserError as error:
                skipped.append(Skipped(name, str(error)))
    return runs, skipped


def _run(name: str, row: Row, epochs: int, dataset: str, values: dict[str, float]) -> TrainingRun:
    cell = AsrCell.from_vector(row["arch_vec"])
    if release_hash(cell) != row[HASH]:
        raise BenchmarkError("its arch_vec has another hash")
    curve = row["val_per"]
    if type(curve) is not list or any(type(value) not in (int, float) for value in curve):
        raise BenchmarkError("its val_per is no list of numbers")
    if len(curve) != epochs:
        raise BenchmarkError(f"its val_per has {len(curve)} epochs, not {epochs}")
    parameters = values.pop(_PARAMETERS, None)
    return TrainingRun(
        architecture=cell,
        name=name,
        val_loss=np.array(curve, dtype=np.float64),
        status=OK if np.isfinite(curve).all() else NOT_FINITE,
        num_params=None if parameters is None else int(parameters),
        dataset=dataset,
        metrics={TEST_PER.name: number(row, "test_per", LossUnit.ERRORS.largest), **values},
    )
