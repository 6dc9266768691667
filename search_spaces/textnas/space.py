"""The space of TextNAS."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from nni_nlp_bench.core.extras import optional_imports
from search_spaces.base import Description, EncodingKind, SearchSpace
from search_spaces.op_graph import OpGraph
from search_spaces.textnas import moves
from search_spaces.textnas.architecture import LAYERS, OPS, WINDOW, Arc, ArcError
from search_spaces.textnas.choices import ArcChoices
from search_spaces.textnas.encoding import count_skips, depth, encode, op_graph
from search_spaces.textnas.formats import from_arc_text, from_nni_json, to_arc_text
from search_spaces.textnas.parameters import SIZES, num_parameters
from search_spaces.textnas.published import ARC_TEXTS, published_arc
from search_spaces.values import complete_sizes

if TYPE_CHECKING:
    import torch

    from search_spaces.textnas.network import TextNas

_NNI_KEY = re.compile(r'\{\s*"(Layer|Input)Choice')


class TextNasSpace(SearchSpace[Arc]):
    """Text classifiers whose layers each have an input, one of eight ops, and skips.

    `size` holds `vectors`, `width` and `classes`; parameters of word vectors do not count.

    Args:
        layers: Number of layers.
        window: How many layers back an input may be.
        ops: Operations, in the order of `OPS`.

    These hold for samples, choices and edits; any other architecture is parsed and encoded as well.

    Raises:
        ArcError: The options allow no architecture.
    """

    name = "textnas"
    architecture_class = Arc
    error = ArcError
    known_texts = f"{', '.join(ARC_TEXTS)}, an architecture's JSON, NNI's JSON, an arc text"
    op_set = OPS
    model_space_class = "search_spaces.textnas.model_space:TextNasModelSpace"
    draw_function = "search_spaces.textnas.drawing:draw"
    classifier_options = ("width", "dropout", "batch_norm", "strict")

    def __init__(
        self, layers: int = LAYERS, window: int = WINDOW, ops: Sequence[str] = OPS
    ) -> None:
        self._choices = ArcChoices(layers, window, tuple(ops))

    def published_names(self) -> Sequence[str]:
        return tuple(ARC_TEXTS)

    def load_published(self, name: str) -> Arc:
        return published_arc(name)

    def parse_release_format(self, text: str) -> Arc | None:
        if _NNI_KEY.match(text):
            return from_nni_json(text)
        return from_arc_text(text) if re.match("[0-9]", text) else None

    def release_formats(self, architecture: Arc) -> dict[str, str]:
        """Return the release's arc text, if it can represent the architecture."""
        try:
            return {"arc": to_arc_text(architecture)}
        except ArcError:
            return {}

    def choices(self, **options: Any) -> ArcChoices:
        return replace(self._choices, **options)

    def model_space(self, **options: Any) -> Any:
        own = self._choices
        defaults = {"layers": own.layers, "window": own.window, "ops": own.ops}
        return super().model_space(**{**defaults, **options})

    def sample(self, rng: np.random.Generator) -> Arc:
        own = self._choices
        return moves.sample(rng, own.layers, own.window, own.ops)

    def mutate(self, architecture: Arc, rng: np.random.Generator) -> Arc:
        return moves.mutate(architecture, rng, self._choices.window, self._choices.ops)

    def neighbours(self, architecture: Arc) -> list[Arc]:
        return moves.neighbours(architecture, self._choices.window, self._choices.ops)

    def encode(self, architecture: Arc, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        return encode(architecture, kind)

    def op_graph(self, architecture: Arc) -> OpGraph:
        return op_graph(architecture)

    def operations(self, architecture: Arc) -> list[str]:
        return [layer.op for layer in architecture.layers]

    def describe(self, architecture: Arc) -> Description:
        """Return its sizes, the ops, and the parameters at the paper's sizes for 2 classes."""
        return {
            "layers": len(architecture.layers),
            "skips": count_skips(architecture),
            "depth": depth(architecture),
            **self.op_counts(architecture),
            "parameters": num_parameters(architecture),
        }

    def parameters(self, architecture: Arc, size: Mapping[str, int]) -> int:
        return num_parameters(architecture, *complete_sizes(size, SIZES, ArcError).values())

    @optional_imports()
    def network(self, architecture: Arc, size: Mapping[str, int]) -> torch.nn.Module:
        from search_spaces.textnas.network import Sizes, TextNas

        return TextNas(architecture, Sizes(size["vectors"], size["width"], size["classes"]))

    @optional_imports()
    def classifier(
        self, architecture: Arc, *, vectors: int, classes: int, **options: Any
    ) -> TextNas:
        from search_spaces.textnas.network import Sizes, TextNas

        return TextNas(architecture, Sizes(vectors=vectors, classes=classes, **options))
