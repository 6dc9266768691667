"""Configuration of StrategyTuner, from its `classArgs`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.architecture_codec import ArchitectureCodec
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.registry import is_multi_fidelity, make_strategy
from search_spaces.base import SearchSpace
from search_spaces.constrained import ConstrainedSpace
from search_spaces.registry import get_space
from search_spaces.tabular import TabularSpace


class TunerConfigError(UserError):
    """The `classArgs` of the tuner are invalid."""


MINIMIZE = "minimize"


def check_names(class_args: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise TunerConfigError for an unknown name."""
    for name in class_args:
        if name not in known:
            raise TunerConfigError(f"unknown classArgs {name!r}; known: {', '.join(known)}")


def minimizes(optimize_mode: str) -> bool:
    """Return whether a lower result is better. Raises TunerConfigError for another mode."""
    if optimize_mode not in (MINIMIZE, "maximize"):
        raise TunerConfigError(
            f"classArgs optimize_mode must be minimize or maximize, not {optimize_mode!r}"
        )
    return optimize_mode == MINIMIZE


@dataclass(frozen=True)
class TunerConfig:
    """Configuration of a StrategyTuner.

    Attributes:
        strategy: Name of a discrete strategy.
        space: Name of the search space.
        seed: Random seed of the strategy.
        epochs: Epochs of a full training; required by multi-fidelity strategies.
        options: Options of the strategy by name.
        restrict_to: Name of a benchmark, or folder of a table: only its architectures are proposed.
        optimize_mode: `minimize` (for losses) or `maximize` the results of trials.
    """

    strategy: str
    space: str = "rnn_cell"
    seed: int = 0
    epochs: int | None = None
    options: Mapping[str, Any] = field(default_factory=dict)
    restrict_to: str | None = None
    optimize_mode: str = MINIMIZE

    @classmethod
    def from_args(cls, args: Mapping[str, Any]) -> TunerConfig:
        """Return the validated configuration. Raises TunerConfigError, UnknownNameError."""
        check_names(args, [f.name for f in fields(cls)])
        if "strategy" not in args:
            raise TunerConfigError("classArgs lack 'strategy': give the name of a strategy")
        config = cls(**args)
        for name, type_ in (("seed", int), ("epochs", int | None), ("options", Mapping)):
            if not isinstance(getattr(config, name), type_):
                raise TunerConfigError(f"classArgs {name}: invalid value {getattr(config, name)!r}")
        minimizes(config.optimize_mode)
        if is_multi_fidelity(config.strategy, config.options) and config.epochs is None:
            raise TunerConfigError(
                f"strategy {config.strategy!r} is multi-fidelity: give classArgs epochs, the "
                "number of epochs of a full training"
            )
        return config

    def build(self) -> tuple[Strategy, ArchitectureCodec]:
        """Return the strategy and the codec of its trials. Raises UserError."""
        codec = ArchitectureCodec(get_space(self.space))
        try:
            strategy = make_strategy(
                self.strategy, self._space(codec), self.seed, self.epochs or 1, **self.options
            )
        except TypeError as error:
            raise TunerConfigError(f"classArgs options: {error}") from None
        return strategy, codec

    def _space(self, codec: ArchitectureCodec) -> SearchSpace[Any]:
        if self.restrict_to is None:
            return ConstrainedSpace(codec.space, codec.allows_architecture)
        from nni_nlp_bench.benchmarks.catalogue import load

        benchmark = load(self.restrict_to)
        held = benchmark.architectures()
        if benchmark.space_name != self.space or held is None:
            raise TunerConfigError(
                f"classArgs restrict_to: {self.restrict_to} is not a table of {self.space} "
                "architectures"
            )
        return TabularSpace(codec.space, held)
