"""The doors of the encoder space of NAS-Bench-BERT."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind
from search_spaces.encoder import moves
from search_spaces.encoder.architecture import OPERATIONS, EncoderArchitecture, EncoderError
from search_spaces.encoder.choices import EncoderChoices
from search_spaces.encoder.configuration import from_configuration, to_configuration
from search_spaces.encoder.encoding import encode, op_graph
from search_spaces.encoder.parameters import SIZES, num_parameters
from search_spaces.encoder.published import NAMES, published_encoder
from search_spaces.op_graph import OpGraph

if TYPE_CHECKING:
    import torch

    from search_spaces.encoder.classifier import EncoderClassifier

_CONFIGURATION = re.compile(r'"nas_config"\s*:')


class EncoderSpace:
    """Transformer encoders whose layers have operations and sizes of their own."""

    name = "encoder"

    def published_names(self) -> Sequence[str]:
        """The ids of the 500 encoders of NAS-Bench-BERT."""
        return NAMES

    def parse(self, text: str) -> EncoderArchitecture:
        """From its JSON, the release's configuration or its published id. Raises EncoderError."""
        text = text.strip()
        if text in NAMES:
            return published_encoder(text)
        if _CONFIGURATION.search(text):
            return from_configuration(text)
        if text.startswith("{"):
            return EncoderArchitecture.from_json(text)
        known = f"{NAMES[0]} to {NAMES[-1]}, an encoder's JSON, a configuration of the release"
        raise EncoderError(f"unknown encoder {text[:60]!r} of space encoder; known: {known}")

    def sample(self, rng: np.random.Generator) -> EncoderArchitecture:
        """A random encoder, every choice drawn evenly."""
        return moves.sample(rng)

    def mutate(
        self, architecture: EncoderArchitecture, rng: np.random.Generator
    ) -> EncoderArchitecture:
        """An encoder one edit away."""
        return moves.mutate(architecture, rng)

    def neighbours(self, architecture: EncoderArchitecture) -> list[EncoderArchitecture]:
        """All encoders one edit away: see `moves.py`."""
        return moves.neighbours(architecture)

    def encode(
        self, architecture: EncoderArchitecture, kind: EncodingKind = "flat"
    ) -> NDArray[np.float64]:
        """Features of the encoder: see `encoding.py`."""
        return encode(architecture, kind)

    def op_graph(self, architecture: EncoderArchitecture) -> OpGraph:
        """Operations and wires: see `encoding.py`."""
        return op_graph(architecture)

    def op_counts(self, architecture: EncoderArchitecture) -> dict[str, int]:
        """How often each of the six operations occurs."""
        count = Counter(layer.name for layer in architecture.layers)
        return {name: count[name] for name in OPERATIONS}

    def describe(self, architecture: EncoderArchitecture) -> Description:
        """Sizes (of heads and feed-forward networks the sums over layers), the count of every
        operation, and the parameters with the release's vocabulary."""
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
        """Parameters with embeddings, without a head; `size` may hold `vocabulary`, `positions` and
        `embedding_size`."""
        return num_parameters(architecture, **_known(size))

    @optional_imports()
    def network(
        self, architecture: EncoderArchitecture, size: Mapping[str, int]
    ) -> torch.nn.Module:
        """The torch module for tokens; `size` as for `parameters`."""
        from search_spaces.encoder.network import EncoderNetwork, Sizes

        return EncoderNetwork(architecture, Sizes(**_known(size)))

    @property
    def classifier_options(self) -> tuple[str, ...]:
        """The fields of `ClassifierSizes` that are not the data's."""
        return ("dropout",)

    @optional_imports()
    def classifier(
        self, architecture: EncoderArchitecture, *, vectors: int, classes: int, **options: Any
    ) -> EncoderClassifier:
        """The network for sentences; options as in `ClassifierSizes`. Raises UserError."""
        from search_spaces.encoder.classifier import ClassifierSizes, EncoderClassifier

        return EncoderClassifier(
            architecture, ClassifierSizes(vectors=vectors, classes=classes, **options)
        )

    def release_formats(self, architecture: EncoderArchitecture) -> dict[str, str]:
        """The release's configuration."""
        return {"configuration": to_configuration(architecture)}

    def choices(self, **options: Any) -> EncoderChoices:
        """The encoder as categorical choices; there are no options."""
        return EncoderChoices(**options)

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace of the encoder; options as in `EncoderModelSpace`."""
        from search_spaces.encoder.model_space import EncoderModelSpace

        return EncoderModelSpace(**options)

    def draw(self, architecture: EncoderArchitecture, path: Path) -> None:
        """A picture of the encoder: its layers in a row, operations coloured."""
        from search_spaces.encoder.drawing import draw

        draw(architecture, path)


def _known(size: Mapping[str, int]) -> dict[str, int]:
    """The sizes of a network. Raises EncoderError for one that the space does not know."""
    for name in size:
        if name not in SIZES:
            raise EncoderError(f"unknown size {name[:60]!r}; known: {', '.join(SIZES)}")
    return dict(size)
