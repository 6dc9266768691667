"""Interface of spaces whose networks classify sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

if TYPE_CHECKING:
    import torch


@runtime_checkable
class SentenceSpace(Protocol):
    """Interface of a space whose networks classify sentences.

    Its `model_space` takes `vectors` and `classes` too, and what it returns has `layer_outputs`,
    `current()` and `choices`.
    """

    @property
    def classifier_options(self) -> tuple[str, ...]:
        """Names of the options of `classifier`."""

    def classifier(
        self, architecture: Any, *, vectors: int, classes: int, **options: Any
    ) -> SentenceNetwork:
        """Return the classifier of an architecture, with weights of torch's global generator.

        Args:
            architecture: An architecture of the space.
            vectors: Width of the word vectors.
            classes: Number of labels.
            **options: See `classifier_options`.

        Raises:
            UserError: No network has this width, or an option has no such value.
        """

    def release_formats(self, architecture: Any) -> dict[str, str]:
        """Return the architecture in the formats of releases, by name of the format."""


class SentenceNetwork(Protocol):
    """Maps word vectors (batch, length, vectors) and a mask (batch, length) of words to logits."""

    def layer_outputs(self, vectors: torch.Tensor, mask: torch.Tensor) -> list[torch.Tensor]:
        """Return each layer's output (batch, width, length), 0 at padding."""

    def logits(self, outputs: list[torch.Tensor], mask: torch.Tensor) -> torch.Tensor:
        """Return logits (batch, classes) of all layers' outputs."""

    def resized(self, vectors: int, classes: int) -> SentenceNetwork:
        """Return a network of the same architecture and options, with other widths and weights."""

    def __call__(self, vectors: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the logits of `layer_outputs`."""
