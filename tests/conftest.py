"""What every test uses: the folder of real data, a generator, hypothesis' settings.

Modules that import a library of an extra that is not installed are skipped.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Iterable, Iterator
from functools import cache
from importlib.util import find_spec
from itertools import chain, zip_longest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, settings
from typer.main import get_command

from nni_nlp_bench.core.environment import environment
from nni_nlp_bench.core.extras import MissingExtraError, missing_extra
from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence

pytest.register_assert_rewrite("search_spaces.testing")
# Without what fails on a busy machine: a deadline, and the check that examples are made in time.
settings.register_profile("random", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("random"), derandomize=True, database=None)
settings.register_profile("quick", settings.get_profile("same"), max_examples=25)
settings.load_profile("same")


@pytest.hookimpl(trylast=True)  # without the tests that -m leaves out
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give slow tests half an hour, and begin with the files that take long.

    Processes take one file after another: a long one at the end would keep one of them busy alone.
    Every other one is of tests that mostly wait for managers of NNI. setup.cfg has the time limit
    of tests that are not slow.
    """
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.timeout(1800))
    kinds: dict[str, list[list[pytest.Item]]] = {"nni": [], "slow": [], "": []}
    for tests in files.values():
        marks = {mark.name for test in tests for mark in test.iter_markers()}
        kinds[next(kind for kind in kinds if kind in marks or not kind)].append(tests)
    mixed: Iterable[tuple[list[pytest.Item], ...]] = zip_longest(
        kinds["nni"], kinds["slow"], fillvalue=[]
    )
    items[:] = [item for tests in (*chain(*mixed), *kinds[""]) for item in tests]


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip the tests of a framework that is missing; fail where $FRAMEWORKS_REQUIRED is set."""
    for marker in item.iter_markers("framework"):
        (library,) = marker.args
        if find_spec(library) is None:
            missing = MissingExtraError(library)
            if os.environ.get("FRAMEWORKS_REQUIRED"):
                raise missing
            pytest.skip(str(missing))


@pytest.fixture
def quiet() -> Iterator[None]:
    """Hide what NNI and Lightning log, which is much."""
    logging.disable(logging.WARNING)
    yield
    logging.disable(logging.NOTSET)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """Skip a module that imports a library of an extra that is not installed."""
    report = yield
    call = getattr(report, "call", None)
    if report.failed and call is not None and (missing := _missing_extra(call.excinfo.value)):
        report.outcome = "skipped"
        report.longrepr = (str(collector.path), 1, f"Skipped: {missing}")
    return report


def _missing_extra(error: BaseException | None) -> MissingExtraError | None:
    """The missing extra among the causes of an error."""
    while error is not None and not isinstance(error, MissingExtraError):
        if isinstance(error, ModuleNotFoundError) and (missing := missing_extra(error)):
            return missing
        error = error.__cause__ or getattr(error, "cause", None)
    return error


BESIDE_THE_CHECKOUT = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared() -> Callable[[str], Path]:
    """Real data by path: in $NNI_NLP_BENCH_SHARED, else in ../shared. Skips where it is missing."""
    folder = Path(os.environ.get("NNI_NLP_BENCH_SHARED") or BESIDE_THE_CHECKOUT)

    def find(path: str) -> Path:
        file = folder / path
        if not file.exists():
            pytest.skip(f"{file} is not here (NNI_NLP_BENCH_SHARED names its folder)")
        return file

    return find


@pytest.fixture(autouse=True, scope="session")
def one_command() -> Iterator[None]:
    """The app is made into a command once, not in each call: that takes longer than most calls."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("typer.testing._get_command", cache(get_command))
        yield


@pytest.fixture(autouse=True, scope="session")
def teachers_cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Features of teachers are kept in a folder of the tests."""
    folder = str(tmp_path_factory.mktemp("cache"))
    with environment({"NNI_NLP_BENCH_CACHE": folder}):
        yield


@pytest.fixture(scope="session")
def naslib_here() -> None:
    """NASLib is imported and repaired. Skips without it; fails where $NASLIB_REQUIRED is set."""
    from nni_nlp_bench.frameworks.naslib.compat import prepare
    from nni_nlp_bench.frameworks.naslib.locate import NaslibError

    try:
        prepare()
    except NaslibError as error:
        if os.environ.get("NASLIB_REQUIRED"):
            raise
        pytest.skip(str(error))


@pytest.fixture
def rng() -> np.random.Generator:
    """The same generator in every test."""
    return np.random.default_rng(20200612)


@pytest.fixture(scope="session")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An untrained teacher of 3 layers, 16 wide, that knows the words of synthetic sentences."""
    import torch
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder = tmp_path_factory.mktemp("teacher")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    words = [f"w{i}" for i in range(12)] + [f"label{i}" for i in range(3)] + ["low", "high", "none"]
    (folder / "vocab.txt").write_text("\n".join([*special, *words]), "utf-8")
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(
        vocab_size=len(special) + len(words),
        hidden_size=16,
        num_hidden_layers=3,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        BertModel(config).save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def synthetic_set() -> LabelledSet:
    """Sentences whose label one word tells among others that say nothing."""
    rng = np.random.default_rng(0)

    def sentence() -> Sentence:
        label = int(rng.integers(3))
        words = [f"w{i}" for i in rng.integers(12, size=int(rng.integers(1, 5)))]
        words.insert(int(rng.integers(len(words) + 1)), f"label{label}")
        return Sentence(tuple(words), label)

    sizes = {"train": 240, "dev": 60, "test": 60}
    parts = {part: [sentence() for _ in range(count)] for part, count in sizes.items()}
    return LabelledSet.of("synthetic", ("a", "b", "c"), parts)
