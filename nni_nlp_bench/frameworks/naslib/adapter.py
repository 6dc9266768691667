"""NASLib's search-space interface for search spaces of this package. Does not import NASLib."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.encodings import FlatContent, encoding
from search_spaces.base import SearchSpace

Hash = tuple[str, str]
"""Hash of an architecture: name of its space, and JSON text of its canonical form."""


class SpaceAdapter:
    """NASLib's interface of a search space and, once set, one of its architectures.

    Results of `dataset_api` are cached per architecture and number of epochs. Random choices use
    NumPy's global generator, which NASLib seeds.
    """

    QUERYABLE = True
    OPTIMIZER_SCOPE = "all"
    instantiate_model = False
    """Whether NASLib parses graphs that it only queries."""
    features: FlatContent = "counts"
    """Content of flat encodings; docs/naslib.md compares `counts` and `flat`."""
    labeled_archs: list[Hash] | None = None
    """Architectures sampled with `load_labeled`; None for all of the table."""
    sample_without_replacement = False

    def initialize(self, space: SearchSpace[Any]) -> None:
        """Set the search space, without an architecture."""
        self.space = space
        self.space_name = space.name
        self.architecture: Any = None
        self._results: dict[int, Result] = {}

    def sample_random_architecture(
        self, dataset_api: DatasetApi | None = None, load_labeled: bool = False
    ) -> None:
        """Set a random architecture, from the table if `load_labeled`."""
        if load_labeled:
            self.load_labeled_architecture(dataset_api)
        else:
            self._set(self._sampling_space(dataset_api).sample(_generator()))

    def load_labeled_architecture(self, dataset_api: DatasetApi | None = None) -> None:
        """Set a random one of `labeled_archs`, or of the table. Raises UserError without any."""
        if self.labeled_archs is None:
            labelled = _require_api(dataset_api).labelled()
            self._set(labelled[int(_generator().integers(len(labelled)))])
            return
        if not self.labeled_archs:
            raise UserError("labeled_archs is empty: all of its architectures have been sampled")
        index = int(_generator().integers(len(self.labeled_archs)))
        chosen = self.labeled_archs[index]
        if self.sample_without_replacement:
            del self.labeled_archs[index]
        self.set_spec(chosen)

    def mutate(self, parent: SpaceAdapter, dataset_api: DatasetApi | None = None) -> None:
        """Set a random neighbour of `parent`, which is not modified."""
        self._set(self._sampling_space(dataset_api).mutate(parent.chosen, _generator()))

    def neighbours(self, dataset_api: DatasetApi | None = None) -> list[Any]:
        """Return all neighbours in random order, as local search always starts with the last."""
        neighbours = self._sampling_space(dataset_api).neighbours(self.chosen)
        return [neighbours[i] for i in _generator().permutation(len(neighbours))]

    def set_spec(self, spec: Hash, dataset_api: DatasetApi | None = None) -> None:
        """Set the architecture of a hash. Raises ArchitectureError, UserError."""
        name, text = spec
        if name != self.space_name:
            raise UserError(f"the architecture belongs to space {name!r}, not {self.space_name!r}")
        self._set(self.space.parse(text))

    def get_hash(self) -> Hash:
        """Return a hash that is equal for equal architectures; its repr is a Python literal."""
        return self._hash_of(self.chosen)

    def get_arch_iterator(self, dataset_api: DatasetApi | None = None) -> Iterator[Hash]:
        """Yield the hashes of all architectures of the table. Raises UserError."""
        for architecture in _require_api(dataset_api).labelled():
            yield self._hash_of(architecture)

    def get_type(self) -> str:
        """Return `nlp`, NASLib's search-space type for language, which its predictors require."""
        return "nlp"

    def encode(self, encoding_type: Any = None) -> list[float] | dict[str, Any]:
        """Return a flat list, or a dictionary of a graph for GCN, BONAS and SEMINAS."""
        kind = "ADJACENCY_ONE_HOT" if encoding_type is None else encoding_type.name
        return encoding(self.space, self.chosen, kind, self.features)

    def query(
        self,
        metric: Any,
        dataset: str | None = None,
        path: str | None = None,
        epoch: int = -1,
        full_lc: bool = False,
        dataset_api: DatasetApi | None = None,
    ) -> float | list[float] | dict[str, Any]:
        """Return a metric of the architecture from the benchmark.

        Args:
            metric: Metric of NASLib. Accuracies are those of `DatasetApi` (higher is better); times
                are in seconds from the start of the training.
            dataset: Ignored.
            path: Ignored.
            epoch: Epoch, counted from 0; -1 and later ones are the last.
            full_lc: Return the learning curve up to the epoch.
            dataset_api: Benchmark to query.

        Raises:
            UserError: the metric is not available, or the benchmark lacks the architecture.
        """
        api = _require_api(dataset_api)
        epochs = api.epochs if epoch < 0 else min(epoch + 1, api.epochs)
        part, _, kind = metric.name.lower().partition("_")
        if metric.name == "HP":
            return self._hyperparameters()
        if metric.name == "PARAMETERS":
            return float(self._hyperparameters()["parameters"])
        if kind in ("accuracy", "loss") and full_lc:
            losses = api.losses(self.chosen, epochs, part)
            return losses if kind == "loss" else [api.as_accuracy(loss) for loss in losses]
        result = self._result(api, epochs)
        if kind == "accuracy":
            return api.accuracy(result, part)
        if kind == "loss":
            return api.loss(result, part)
        if metric.name == "TRAIN_TIME":
            return float(result.wall_time_s)
        if metric.name == "EPOCH":
            return float(result.epoch)
        if metric.name in ("RAW", "ALL"):
            return api.raw(result)
        raise UserError(f"{api.benchmark.name} has no metric {metric.name}")

    @property
    def chosen(self) -> Any:
        """The architecture. Raises UserError if none is set."""
        if self.architecture is None:
            raise UserError("no architecture yet: call sample_random_architecture or set_spec")
        return self.architecture

    def _hash_of(self, architecture: Any) -> Hash:
        normal = getattr(architecture, "canonical", architecture)
        return self.space_name, normal.to_json()

    def _set(self, architecture: Any) -> None:
        self.architecture = architecture
        self._results = {}

    def _sampling_space(self, dataset_api: DatasetApi | None) -> SearchSpace[Any]:
        return self.space if dataset_api is None else dataset_api.space

    def _result(self, api: DatasetApi, epochs: int) -> Result:
        if epochs not in self._results:
            self._results[epochs] = api.result(self.chosen, epochs)
        return self._results[epochs]

    def _hyperparameters(self) -> dict[str, float]:
        """Return `parameters`, and `params`, the same number in millions as in NASLib."""
        count = float(self.space.describe(self.chosen)["parameters"])
        return {"parameters": count, "params": count / 1e6}


def _require_api(dataset_api: DatasetApi | None) -> DatasetApi:
    if dataset_api is None:
        raise UserError(
            "no dataset_api: pass nni_nlp_bench.frameworks.naslib.dataset_api(NAME) to "
            "adapt_search_space or query"
        )
    return dataset_api


def _generator() -> np.random.Generator:
    """Return a generator seeded from NumPy's global one, which NASLib's Trainer seeds."""
    return np.random.default_rng(np.random.randint(2**31, size=4))
