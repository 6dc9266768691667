"""The cell as an NNI model space."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from search_spaces.asr_cell.choices import AsrCellChoices, Value
from search_spaces.asr_cell.network import AsrNetwork, Sizes
from search_spaces.asr_cell.parameters import SIZES
from search_spaces.nni_model_space import NNIModelSpace


class AsrCellModelSpace(NNIModelSpace):
    """All cells as NNI choices; a frozen space is an `AsrNetwork`.

    Every sample that NNI's choices allow is a cell. The default sizes are the paper's.
    """

    architecture_field = "cell"

    def __init__(
        self,
        features: int = SIZES["features"],
        groups: int = SIZES["groups"],
        hidden_size: int = SIZES["hidden_size"],
        classes: int = SIZES["classes"],
        dropout: float = 0.2,
    ) -> None:
        super().__init__(AsrCellChoices())
        self.sizes = Sizes(features, groups, hidden_size, classes, dropout)
        self.add_choices()

    @classmethod
    def create_fixed_module(
        cls, sample: Mapping[str, Value], *args: Any, **options: Any
    ) -> AsrNetwork:
        """Return the network of a sample, for NNI's `model_context`."""
        sizes = Sizes(**cls.arguments(*args, **options))
        return AsrNetwork(AsrCellChoices().from_sample(sample), sizes)

    def freeze(self, sample: Mapping[str, Value]) -> AsrNetwork:
        """Return the network of a sample. Raises NNI's SampleValidationError."""
        self.validate(sample)
        return AsrNetwork(self.from_sample(sample), self.sizes)
