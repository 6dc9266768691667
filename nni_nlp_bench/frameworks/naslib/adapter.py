"""What NASLib asks of a search space, answered by a space of this project. Needs no NASLib."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nni_nlp_bench.benchmarks.base import Result
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.encodings import encoding
from search_spaces.base import EncodingKind, SearchSpace

Hash = tuple[str, str]
"""Of an architecture: the name of its space, and the text of its normal form."""


class SpaceAdapter:
    """A search space and, once one is drawn, one of its architectures, as NASLib has it.

    The graph of an architecture asks `dataset_api` once for each length of training, however often
    it is queried. Random choices come from NumPy's global generator, which NASLib seeds.
    """

    QUERYABLE = True
    OPTIMIZER_SCOPE = "all"
    instantiate_model = False
    """NASLib parses no graph that it only queries."""
    features: EncodingKind = "counts"
    """What flat encodings hold, `counts` or `flat`: docs/naslib.md has the predictors' figures."""
    labeled_archs: list[Hash] | None = None
    """Drawn from with `load_labeled`; all of the table where it is None."""
    sample_without_replacement = False

    def adopt(self, space: SearchSpace[Any]) -> None:
        """Become an empty graph of that space."""
        self.space = space
        self.space_name = space.name
        self.architecture: Any = None
        self._results: dict[int, Result] = {}

    def sample_random_architecture(
        self, dataset_api: DatasetApi | None = None, load_labeled: bool = False
    ) -> None:
        """Become a random architecture, of the table's with `load_labeled`."""
        if load_labeled:
            self.load_labeled_architecture(dataset_api)
        else:
            self._become(self._moves(dataset_api).sample(_generator()))

    def load_labeled_architecture(self, dataset_api: DatasetApi | None = None) -> None:
        """Become one of `labeled_archs`, else of the table's architectures. Raises UserError."""
        if self.labeled_archs is None:
            held = _needed(dataset_api).labelled()
            self._become(held[int(_generator().integers(len(held)))])
            return
        if not self.labeled_archs:
            raise UserError("labeled_archs is empty: every architecture of it has been drawn")
        place = int(_generator().integers(len(self.labeled_archs)))
        chosen = self.labeled_archs[place]
        if self.sample_without_replacement:
            del self.labeled_archs[place]
        self.set_spec(chosen)

    def mutate(self, parent: SpaceAdapter, dataset_api: DatasetApi | None = None) -> None:
        """Become an architecture one edit away from that of `parent`, which stays as it is."""
        self._become(self._moves(dataset_api).mutate(parent.chosen, _generator()))

    def neighbours(self, dataset_api: DatasetApi | None = None) -> list[Any]:
        """All architectures one edit away, in random order: local search takes the last first."""
        near = self._moves(dataset_api).neighbours(self.chosen)
        return [near[i] for i in _generator().permutation(len(near))]

    def set_spec(self, spec: Hash, dataset_api: DatasetApi | None = None) -> None:
        """Become the architecture of a hash. Raises ArchitectureError, UserError."""
        name, text = spec
        if name != self.space_name:
            raise UserError(f"an architecture of space {name!r}, not of {self.space_name!r}")
        self._become(self.space.parse(text))

    def get_hash(self) -> Hash:
        """The same exactly for the same architecture; its text is a Python literal."""
        return self._hash_of(self.chosen)

    def get_arch_iterator(self, dataset_api: DatasetApi | None = None) -> Iterator[Hash]:
        """The hashes of all architectures of the table. Raises UserError."""
        for architecture in _needed(dataset_api).labelled():
            yield self._hash_of(architecture)

    def get_type(self) -> str:
        """`nlp`, the one type of NASLib's for language: its predictors take no other."""
        return "nlp"

    def encode(self, encoding_type: Any = None) -> list[float] | dict[str, Any]:
        """A flat list, or for GCN, BONAS and SEMINAS the dictionary of a graph."""
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
        """What the benchmark knows of this architecture.

        `epoch` counts from 0, -1 is the last, and what lies beyond is the last too. Accuracies are
        those of `DatasetApi`: higher is better. Times are seconds from the start of the training.
        Raises UserError for a metric that no benchmark has, and as the benchmark.
        """
        api = _needed(dataset_api)
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
        raise UserError(f"{api.benchmark.name} knows no {metric.name}")

    @property
    def chosen(self) -> Any:
        """The architecture. Raises UserError where none is chosen yet."""
        if self.architecture is None:
            raise UserError("no architecture yet: call sample_random_architecture or set_spec")
        return self.architecture

    def _hash_of(self, architecture: Any) -> Hash:
        normal = getattr(architecture, "canonical", architecture)
        return self.space_name, normal.to_json()

    def _become(self, architecture: Any) -> None:
        self.architecture = architecture
        self._results = {}

    def _moves(self, dataset_api: DatasetApi | None) -> SearchSpace[Any]:
        return self.space if dataset_api is None else dataset_api.space

    def _result(self, api: DatasetApi, epochs: int) -> Result:
        if epochs not in self._results:
            self._results[epochs] = api.result(self.chosen, epochs)
        return self._results[epochs]

    def _hyperparameters(self) -> dict[str, float]:
        """`parameters` of the network, and `params`, the same in millions, as NASLib counts."""
        count = float(self.space.describe(self.chosen)["parameters"])
        return {"parameters": count, "params": count / 1e6}


def _needed(dataset_api: DatasetApi | None) -> DatasetApi:
    if dataset_api is None:
        raise UserError(
            "no dataset_api: pass nni_nlp_bench.frameworks.naslib.dataset_api(NAME) to "
            "adapt_search_space or query"
        )
    return dataset_api


def _generator() -> np.random.Generator:
    """A generator that follows from NumPy's global one, which NASLib's Trainer seeds."""
    return np.random.default_rng(np.random.randint(2**31, size=4))
