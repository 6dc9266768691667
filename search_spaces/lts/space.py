"""The space of LiteTransformerSearch."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.lts import moves
from search_spaces.lts.architecture import LtsArchitecture, LtsError
from search_spaces.lts.choices import LtsChoices, Task
from search_spaces.lts.configuration import from_configuration
from search_spaces.lts.encoding import encode, op_graph
from search_spaces.lts.parameters import count_parameters, sized
from search_spaces.lts.rules import RULES
from search_spaces.lts.sampling import set_of
from search_spaces.op_graph import OpGraph

if TYPE_CHECKING:
    import torch

_CONFIGURATION = re.compile(r"^n_token\s*:", re.MULTILINE)


class LtsSpace(SearchSpace[LtsArchitecture]):
    """Decoders of language models, GPT-2 and Transformer-XL, whose layers differ in their sizes.

    A sample is of one of the tasks, each equally likely, with the distribution of the release's
    random set. Mutations and neighbours are of the same task. `size` may hold `vocabulary` and
    `length`.

    Args:
        tasks: Models and data sets; these hold for samples and choices, any other decoder is parsed
            and encoded as well.

    Raises:
        LtsError: A task is unknown.
    """

    name = "lts"
    architecture_class = LtsArchitecture
    error = LtsError
    noun = "decoder"
    known_texts = "a decoder's JSON, a model_config.yaml of the release"
    model_space_class = "search_spaces.lts.model_space:LtsModelSpace"
    draw_function = "search_spaces.lts.drawing:draw"

    def __init__(self, tasks: tuple[Task, ...] = tuple(RULES)) -> None:
        if unknown := [task for task in tasks if task not in RULES]:
            known = ", ".join(" on ".join(task) for task in RULES)
            raise LtsError(f"unknown task {' on '.join(unknown[0])}; known: {known}")
        self.tasks = tasks

    def restricted_to(self, architecture: LtsArchitecture) -> LtsSpace:
        return LtsSpace(((architecture.model, architecture.dataset),))

    def parse_release_format(self, text: str) -> LtsArchitecture | None:
        return from_configuration(text) if _CONFIGURATION.search(text) else None

    def choices(self, **options: Any) -> LtsChoices:
        return LtsChoices(**{"tasks": self.tasks, **options})

    def model_space(self, **options: Any) -> Any:
        return super().model_space(**{"tasks": self.tasks, **options})

    def sample(self, rng: np.random.Generator) -> LtsArchitecture:
        task = self.tasks[int(rng.integers(len(self.tasks)))]
        return set_of(*task).sample(rng)

    def mutate(self, architecture: LtsArchitecture, rng: np.random.Generator) -> LtsArchitecture:
        """Return a decoder one edit away: what changes is uniform, then its new value."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: LtsArchitecture) -> list[LtsArchitecture]:
        return moves.neighbours(architecture)

    def encode(
        self, architecture: LtsArchitecture, kind: EncodingKind = "flat"
    ) -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: LtsArchitecture) -> OpGraph:
        return op_graph(architecture)

    def describe(self, architecture: LtsArchitecture) -> Description:
        """Return its sizes (of heads and inner widths the sums over layers), and the parameters
        with the vocabulary of its data set."""
        counts = count_parameters(architecture)
        layers = architecture.layers
        return {
            "model": architecture.model,
            "dataset": architecture.dataset,
            "d_model": architecture.d_model,
            "d_embed": architecture.d_embed,
            "div_val": architecture.divisor,
            "layers": len(layers),
            "heads": sum(layer.n_head for layer in layers),
            "inner_units": sum(layer.d_inner for layer in layers),
            "non_embedding_parameters": counts.non_embedding,
            "parameters": counts.total,
        }

    def parameters(self, architecture: LtsArchitecture, size: Mapping[str, int]) -> int:
        return count_parameters(architecture, sized(architecture, size)).total

    @optional_imports()
    def network(self, architecture: LtsArchitecture, size: Mapping[str, int]) -> torch.nn.Module:
        from search_spaces.lts.network import DecoderNetwork

        return DecoderNetwork(architecture, sized(architecture, size))
