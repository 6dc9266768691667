"""The encoder space of NAS-Bench-BERT."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.encoder import moves
from search_spaces.encoder.architecture import OPERATIONS, EncoderArchitecture, EncoderError
from search_spaces.encoder.choices import EncoderChoices
from search_spaces.encoder.configuration import from_configuration, to_configuration
from search_spaces.encoder.encoding import encode, op_graph
from search_spaces.encoder.parameters import SIZES, num_parameters
from search_spaces.encoder.published import NAMES, published_encoder
from search_spaces.op_graph import OpGraph
from search_spaces.values import complete_sizes

if TYPE_CHECKING:
    import torch

    from search_spaces.encoder.classifier import EncoderClassifier

_CONFIGURATION = re.compile(r'"nas_config"\s*:')


class EncoderSpace(SearchSpace[EncoderArchitecture]):
    """Transformer encoders whose layers differ in their operations and sizes.

    `size` may hold `vocabulary`, `positions` and `embedding_size`; parameters are those with
    embeddings, without a head.
    """

    name = "encoder"
    architecture_class = EncoderArchitecture
    error = EncoderError
    noun = "encoder"
    known_texts = f"{NAMES[0]} to {NAMES[-1]}, an encoder's JSON, a configuration of the release"
    op_set = tuple(OPERATIONS)
    model_space_class = "search_spaces.encoder.model_space:EncoderModelSpace"
    draw_function = "search_spaces.encoder.drawing:draw"
    classifier_options = ("dropout",)

    def published_names(self) -> Sequence[str]:
        return NAMES

    def load_published(self, name: str) -> EncoderArchitecture:
        return published_encoder(name)

    def parse_release_format(self, text: str) -> EncoderArchitecture | None:
        return from_configuration(text) if _CONFIGURATION.search(text) else None

    def release_formats(self, architecture: EncoderArchitecture) -> dict[str, str]:
        return {"configuration": to_configuration(architecture)}

    def choices(self, **options: Any) -> EncoderChoices:
        return EncoderChoices(**options)

    def sample(self, rng: np.random.Generator) -> EncoderArchitecture:
        return moves.sample(rng)

    def mutate(
        self, architecture: EncoderArchitecture, rng: np.random.Generator
    ) -> EncoderArchitecture:
        """Return an encoder one edit away: what changes is uniform, then its new value."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: EncoderArchitecture) -> list[EncoderArchitecture]:
        return moves.neighbours(architecture)

    def encode(
        self, architecture: EncoderArchitecture, kind: EncodingKind = "flat"
    ) -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: EncoderArchitecture) -> OpGraph:
        return op_graph(architecture)

    def operations(self, architecture: EncoderArchitecture) -> list[str]:
        return [layer.name for layer in architecture.layers]

    def describe(self, architecture: EncoderArchitecture) -> Description:
        """Return its sizes (of heads and feed-forward networks the sums over layers), the
        operations, and the parameters with the release's vocabulary."""
        layers = architecture.layers
        return {
            "hidden_size": architecture.hidden_size,
            "layers": len(layers),
            "heads": sum(layer.heads for layer in layers),
            "feed_forwards": sum(layer.feed_forwards for layer in layers),
            "feed_forward_units": sum(layer.feed_forwards * layer.feed_forward for layer in layers),
            **self.op_counts(architecture),
            "parameters": num_parameters(architecture),
        }

    def parameters(self, architecture: EncoderArchitecture, size: Mapping[str, int]) -> int:
        return num_parameters(architecture, **complete_sizes(size, SIZES, EncoderError))

    @optional_imports()
    def network(
        self, architecture: EncoderArchitecture, size: Mapping[str, int]
    ) -> torch.nn.Module:
        from search_spaces.encoder.network import EncoderNetwork, Sizes

        return EncoderNetwork(architecture, Sizes(**complete_sizes(size, SIZES, EncoderError)))

    @optional_imports()
    def classifier(
        self, architecture: EncoderArchitecture, *, vectors: int, classes: int, **options: Any
    ) -> EncoderClassifier:
        from search_spaces.encoder.classifier import ClassifierSizes, EncoderClassifier

        sizes = ClassifierSizes(vectors=vectors, classes=classes, **options)
        return EncoderClassifier(architecture, sizes)
