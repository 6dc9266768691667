"""Import of the release of LiteTransformerSearch (Javaheripi et al., 2022)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import astuple
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
import yaml

from nni_nlp_bench.benchmarks.base import BenchmarkError
from nni_nlp_bench.benchmarks.importers.lts_files import CONFIGURATION, SETS, Files, read_sets
from nni_nlp_bench.benchmarks.importers.reading import Progress, Reading, Skipped, no_progress
from nni_nlp_bench.benchmarks.objectives import Objective
from nni_nlp_bench.benchmarks.training_run import Series, SeriesByName, TrainingRun
from nni_nlp_bench.core.errors import UserError
from search_spaces.lts.configuration import from_configuration
from search_spaces.lts.parameters import ParameterCounts, count_parameters

NON_EMBEDDING = Objective("non_embedding_parameters", requires_training=False)
"""Parameters of attention, feed-forward networks and layer norms."""
LATENCY = Objective("latency", "ms", requires_training=False)
"""Mean of about ten forward passes of a batch of one, 192 tokens, in one thread."""
MEMORY = Objective("memory", "MiB", requires_training=False)
"""Sum of all allocations of one forward pass, without weights; not a peak."""
NOTES = (
    "perplexities are per token: of words for Transformer-XL, of its own byte-pair encoding for "
    "GPT-2; losses are their natural logarithms",
    "perplexities per word and those without memory are left out: the former are wrong on lm1b, "
    "the latter equal",
)
MEASURED_NOTES = (
    "memory is the sum of all allocations of one forward pass without weights, not a peak; on a "
    "GPU nested operators count again",
    "latency and memory seem to be those of the decoder with the search's default embedding, not "
    "with that of the trained network",
)
_SUMMARIES = {
    "ppl": "perplexities",
    "params": "numbers of parameters",
    "latency": "latencies",
    "memory": "memory",
}
_COUNTS = ("AdaEmb", "Attn", "FFN", "nonembedding", "total")
"""Fields of params_summary.yaml, in the order of `ParameterCounts`."""
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NUMBERED = re.compile(r"M(?P<index>\d{1,6})|config_(?P<config>\d{1,5})_j(?P<job>\d)")


def read_lts(
    source: Path, name: str | None = None, progress: Progress = no_progress
) -> dict[str, Reading]:
    """Read the sets of a folder or archive, by name such as `gpt2-wt103`; or only one of them.

    Networks without a perplexity or configuration are listed as skipped. Numbers of parameters are
    those of the networks; where the release has others, a note says so.

    Raises:
        BenchmarkError: There is no set, or a file is damaged, malicious or beyond the limits.
    """
    sets = read_sets(source)
    if name is not None:
        if (name := SETS.get(name, name)) not in sets:
            raise BenchmarkError(f"{source} has no set {name!r}; it has: {', '.join(sets)}")
        sets = {name: sets[name]}
    readings = {}
    for done, (found, files) in enumerate(sets.items(), start=1):
        readings[found] = _read_set(found, files)
        progress(done, len(sets))
    return readings


def _read_set(name: str, files: Files) -> Reading:
    summaries = {kind: _summary(name, files, kind) for kind in _SUMMARIES}
    if not summaries["ppl"]:
        raise BenchmarkError(f"{name} has no ppl_summary.yaml: it is incomplete")
    configurations = {
        "_".join(PurePosixPath(path).parts[:-1]): content
        for path, content in files.items()
        if PurePosixPath(path).name == CONFIGURATION
    }
    runs: list[TrainingRun] = []
    skipped: list[Skipped] = []
    wrong = 0
    for network in sorted(configurations.keys() | summaries["ppl"].keys(), key=_order):
        of_network = {kind: summary.get(network) for kind, summary in summaries.items()}
        try:
            run, counts = _run(network, configurations.get(network), of_network)
        except UserError as error:
            skipped.append(Skipped(network, str(error)))
            continue
        runs.append(run)
        wrong += _differs(of_network["params"], counts)
    measured = [metric for metric in (LATENCY, MEMORY) if summaries[metric.name]]
    return Reading(
        tuple(runs),
        tuple(skipped),
        (*NOTES, *(MEASURED_NOTES if measured else ()), *_repaired(wrong)),
        has_curves=False,
        space="lts",
        epochs=1,
        metrics=(NON_EMBEDDING, *measured),
    )


def _repaired(wrong: int) -> tuple[str, ...]:
    if not wrong:
        return ()
    return (
        f"the release's numbers of parameters of {wrong} networks are not theirs (those of random "
        "GPT-2 on lm1b are Transformer-XL's): the table has those of the networks",
    )


def _summary(name: str, files: Files, kind: str) -> Mapping[str, Any]:
    """Return a summary by network; empty if the set has none."""
    file = f"{kind}_summary.yaml"
    if file not in files:
        return {}
    try:
        values = yaml.load(files[file], _LOADER)
    except (yaml.YAMLError, ValueError, RecursionError, TypeError) as error:
        reason = " ".join(str(error).split())[:200]
        raise BenchmarkError(f"{name}/{file} is not YAML: {reason}") from None
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise BenchmarkError(f"{name}/{file} must map networks to {_SUMMARIES[kind]}")
    return values


def _run(
    name: str, configuration: bytes | None, values: Mapping[str, Any]
) -> tuple[TrainingRun, ParameterCounts]:
    """Return the training of a network. Raises UserError if it lacks something."""
    if configuration is None:
        raise BenchmarkError(f"it has no {CONFIGURATION}")
    perplexity = values["ppl"]
    if perplexity is None:
        raise BenchmarkError("it has no perplexity")
    decoder = from_configuration(configuration.decode("utf-8", "replace"))
    counts = count_parameters(decoder)
    metrics = {NON_EMBEDDING.name: float(counts.non_embedding)}
    for metric in (LATENCY, MEMORY):
        if values[metric.name] is not None:
            metrics[metric.name] = _number(values[metric.name], f"the {metric.name}")
    run = TrainingRun(
        architecture=decoder,
        name=name,
        recipe_id=_index(name),
        num_params=counts.total,
        dataset=decoder.dataset,
        metrics=metrics,
        **_series(perplexity),
    )
    return run, counts


def _series(perplexity: Any) -> SeriesByName:
    """Return losses and time; networks of the searches have a validation perplexity only."""
    by_field = perplexity if isinstance(perplexity, dict) else {"valid_ppl": perplexity}
    is_random = perplexity is by_field
    seconds = _number(by_field.get("train_elapsed"), "train_elapsed") if is_random else None
    return SeriesByName(
        train_loss=None,
        val_loss=_loss(by_field.get("valid_ppl"), "valid_ppl"),
        test_loss=_loss(by_field.get("test_ppl"), "test_ppl") if is_random else None,
        wall_time_s=None if seconds is None else np.array([seconds]),
    )


def _loss(perplexity: Any, what: str) -> Series:
    value = _number(perplexity, what)
    if value < 1:
        raise BenchmarkError(f"{what} must be at least 1, got {value:g}")
    return np.array([math.log(value)])


def _number(value: Any, what: str) -> float:
    if type(value) not in (int, float) or not 0 <= value < math.inf:
        raise BenchmarkError(f"{what} must be a number of 0 or above, got {str(value)[:40]!r}")
    return float(value)


def _differs(published: Any, counts: ParameterCounts) -> bool:
    """Whether the release has other numbers of parameters."""
    if not isinstance(published, dict):
        return False
    return [published.get(field) for field in _COUNTS] != [*astuple(counts)]


def _index(name: str) -> int | None:
    """Return the number of a network in its set: 7 of M7, 34 of config_3_j4."""
    found = _NUMBERED.fullmatch(name)
    if found is None:
        return None
    return int(found["index"] or found["config"] + found["job"])


def _order(name: str) -> tuple[bool, int, str]:
    index = _index(name)
    return index is None, index or 0, name
