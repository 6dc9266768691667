"""NASLib search space of a search space of this package. Imports NASLib."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from nni_nlp_bench.frameworks.naslib.adapter import SpaceAdapter
from nni_nlp_bench.frameworks.naslib.dataset_api import DatasetApi
from nni_nlp_bench.frameworks.naslib.networks import VectorsNetwork
from search_spaces.base import SearchSpace

if TYPE_CHECKING:  # NASLib has no types; its Graph is a module
    from torch.nn import Module as Graph
else:
    from naslib.search_spaces.core.graph import Graph

_SETTINGS = (
    "features",
    "instantiate_model",
    "labeled_archs",
    "num_classes",
    "sample_without_replacement",
)


class SpaceGraph(SpaceAdapter, Graph):
    """NASLib graph of one architecture, or of none yet; `parse` builds its network.

    Args:
        space: Search space.
    """

    num_classes = 10
    """Number of outputs of the network."""

    def __init__(self, space: SearchSpace[Any]) -> None:
        Graph.__init__(self, name=space.name)
        self.initialize(space)
        self.network: VectorsNetwork | None = None

    def __bool__(self) -> bool:
        """Return True: NASLib's Trainer would ignore a graph without vertices, which is falsy."""
        return True

    def clone(self) -> SpaceGraph:
        """Return another graph of the same architecture, without results and network."""
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
        """Return a module with attribute `arch` for the graph of each neighbour."""
        modules = []
        for neighbour in self.neighbours(dataset_api):
            module = torch.nn.Module()
            module.arch = self.clone()
            module.arch._set(neighbour)
            modules.append(module)
        return modules

    def parse(self) -> None:
        """Build the network, with weights from torch's global generator. Raises UserError."""
        self._build()

    def _build(self) -> VectorsNetwork:
        self.network = VectorsNetwork.of(self.space, self.chosen, self.num_classes)
        return self.network

    def forward(self, vectors: Tensor) -> Tensor:
        """Return logits (batch, classes) of word vectors (batch, length, width)."""
        network = self.network or self._build()
        logits: Tensor = network(vectors)
        return logits

    def get_loss_fn(self) -> Callable[..., Tensor]:
        """Return the cross entropy of logits and labels."""
        return cross_entropy
