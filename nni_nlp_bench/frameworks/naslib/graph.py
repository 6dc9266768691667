"""A space of this project as a search space of NASLib. Importing this imports NASLib."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import torch
from naslib.search_spaces.core.graph import Graph
from torch import Tensor
from torch.nn.functional import cross_entropy

from nni_nlp_bench.frameworks.naslib.adapter import SpaceAdapter
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.networks import VectorsNetwork
from search_spaces.base import SearchSpace

_SETTINGS = (
    "features",
    "instantiate_model",
    "labeled_archs",
    "num_classes",
    "sample_without_replacement",
)


class SpaceGraph(SpaceAdapter, Graph):  # type: ignore[misc]
    """One architecture, or none yet, of any space; `parse` makes it a network of word vectors."""

    num_classes = 10
    """Of the network."""

    def __init__(self, space: SearchSpace[Any]) -> None:
        Graph.__init__(self, name=space.name)
        self.adopt(space)
        self.network: VectorsNetwork | None = None

    def __bool__(self) -> bool:
        """True: a graph without vertices would be false, and NASLib's Trainer would pass it by."""
        return True

    def clone(self) -> SpaceGraph:
        """Another graph of the same architecture, without results and network."""
        other = type(self)(self.space)
        other.architecture = self.architecture
        for name in _SETTINGS:
            setattr(other, name, getattr(self, name))
        return other

    def __deepcopy__(self, memo: dict[int, Any]) -> SpaceGraph:
        other = self.clone()
        other.network = copy.deepcopy(self.network, memo)
        return other

    def get_nbhd(self, dataset_api: DatasetApi | None = None) -> list[torch.nn.Module]:
        """Modules whose `arch` is a graph of a neighbour."""
        modules = []
        for neighbour in self.neighbours(dataset_api):
            module = torch.nn.Module()
            module.arch = self.clone()
            module.arch._become(neighbour)
            modules.append(module)
        return modules

    def parse(self) -> None:
        """Build the network, with weights from torch's global generator. Raises UserError."""
        self._built()

    def _built(self) -> VectorsNetwork:
        self.network = VectorsNetwork.of(self.space, self.chosen, self.num_classes)
        return self.network

    def forward(self, vectors: Tensor) -> Tensor:
        """Logits (batch, classes) of word vectors (batch, length, width)."""
        network = self.network or self._built()
        logits: Tensor = network(vectors)
        return logits

    def get_loss_fn(self) -> Callable[..., Tensor]:
        """Cross entropy of logits and labels."""
        return cross_entropy
