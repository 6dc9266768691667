"""The doors of the space of TextNAS."""

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
from search_spaces.op_graph import OpGraph
from search_spaces.textnas import moves
from search_spaces.textnas.architecture import LAYERS, OPS, WINDOW, Arc, ArcError
from search_spaces.textnas.choices import ArcChoices
from search_spaces.textnas.encoding import count_skips, depth, encode, op_graph
from search_spaces.textnas.formats import from_arc_text, from_nni_json, to_arc_text
from search_spaces.textnas.parameters import SIZES, num_parameters
from search_spaces.textnas.published import ARC_TEXTS, published_arc

if TYPE_CHECKING:
    import torch

    from search_spaces.textnas.network import TextNas

_NNI_KEY = re.compile(r'\{\s*"(Layer|Input)Choice')


class TextNasSpace:
    """Text classifiers of so many layers, each with an input, one of eight ops, and skips.

    `window` is how many layers back an input may be. The options hold for what is sampled, chosen
    and edited; any other architecture is parsed and encoded as well. Raises ArcError for options
    that make no space.
    """

    name = "textnas"

    def __init__(
        self, layers: int = LAYERS, window: int = WINDOW, ops: Sequence[str] = OPS
    ) -> None:
        self._choices = ArcChoices(layers, window, tuple(ops))

    def published_names(self) -> Sequence[str]:
        """`published`, the architecture that the release trains on SST-2 and SST-5."""
        return tuple(ARC_TEXTS)

    def parse(self, text: str) -> Arc:
        """From its JSON, NNI's JSON, the release's arc text or its published name.

        Raises ArcError.
        """
        text = text.strip()
        if text in ARC_TEXTS:
            return published_arc(text)
        if _NNI_KEY.match(text):
            return from_nni_json(text)
        if text.startswith("{"):
            return Arc.from_json(text)
        if re.match("[0-9]", text):
            return from_arc_text(text)
        known = f"{', '.join(ARC_TEXTS)}, an architecture's JSON, NNI's JSON, an arc text"
        raise ArcError(f"unknown architecture {text[:60]!r} of space textnas; known: {known}")

    def sample(self, rng: np.random.Generator) -> Arc:
        """A random architecture, every choice drawn evenly."""
        space = self._choices
        return moves.sample(rng, space.layers, space.window, space.ops)

    def mutate(self, architecture: Arc, rng: np.random.Generator) -> Arc:
        """An architecture one edit away."""
        return moves.mutate(architecture, rng, self._choices.window, self._choices.ops)

    def neighbours(self, architecture: Arc) -> list[Arc]:
        """All architectures one edit away."""
        return moves.neighbours(architecture, self._choices.window, self._choices.ops)

    def encode(self, architecture: Arc, kind: EncodingKind = "flat") -> NDArray[np.float64]:
        """Features of the architecture: see `encoding.py`."""
        return encode(architecture, kind)

    def op_graph(self, architecture: Arc) -> OpGraph:
        """Operations and wires: see `encoding.py`."""
        return op_graph(architecture)

    def op_counts(self, architecture: Arc) -> dict[str, int]:
        """How often each of the eight ops occurs."""
        count = Counter(layer.op for layer in architecture.layers)
        return {op: count[op] for op in OPS}

    def describe(self, architecture: Arc) -> Description:
        """Sizes, the count of every op, and the parameters at the paper's sizes for 2 classes."""
        return {
            "layers": len(architecture.layers),
            "skips": count_skips(architecture),
            "depth": depth(architecture),
            **self.op_counts(architecture),
            "parameters": num_parameters(architecture),
        }

    def parameters(self, architecture: Arc, size: Mapping[str, int]) -> int:
        """Parameters without word vectors; `size` may hold `vectors`, `width` and `classes`."""
        unknown = [name for name in size if name not in SIZES]
        if unknown:
            raise ArcError(f"unknown size {unknown[0][:60]!r}; known: {', '.join(SIZES)}")
        sizes = {**SIZES, **size}
        return num_parameters(architecture, sizes["vectors"], sizes["width"], sizes["classes"])

    @optional_imports()
    def network(self, architecture: Arc, size: Mapping[str, int]) -> torch.nn.Module:
        """The torch module; `size` holds `vectors`, `width` and `classes`."""
        from search_spaces.textnas.network import Sizes, TextNas

        return TextNas(architecture, Sizes(size["vectors"], size["width"], size["classes"]))

    @property
    def classifier_options(self) -> tuple[str, ...]:
        """The fields of `Sizes` that are not the data's."""
        return ("width", "dropout", "batch_norm", "strict")

    @optional_imports()
    def classifier(
        self, architecture: Arc, *, vectors: int, classes: int, **options: Any
    ) -> TextNas:
        """The network for sentences; options as in `Sizes`. Raises UserError."""
        from search_spaces.textnas.network import Sizes, TextNas

        return TextNas(architecture, Sizes(vectors=vectors, classes=classes, **options))

    def release_formats(self, architecture: Arc) -> dict[str, str]:
        """The release's arc text, where it can say the architecture."""
        try:
            return {"arc": to_arc_text(architecture)}
        except ArcError:
            return {}

    def choices(self, **options: Any) -> ArcChoices:
        """The architecture as categorical choices; options as in `ArcChoices`."""
        return ArcChoices(**self._options(options))

    @optional_imports()
    def model_space(self, **options: Any) -> Any:
        """The NNI ModelSpace of the architecture; options as in `TextNasModelSpace`."""
        from search_spaces.textnas.model_space import TextNasModelSpace

        return TextNasModelSpace(**self._options(options))

    def draw(self, architecture: Arc, path: Path) -> None:
        """A picture of the architecture: layers in a row, ops coloured, skips as arcs."""
        from search_spaces.textnas.drawing import draw

        draw(architecture, path)

    def _options(self, options: Mapping[str, Any]) -> dict[str, Any]:
        space = self._choices
        own = {"layers": space.layers, "window": space.window, "ops": space.ops}
        return {**own, **options}
