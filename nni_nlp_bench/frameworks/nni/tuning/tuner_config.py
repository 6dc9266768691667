"""The `classArgs` of the tuner: which strategy, over which space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.tuning.architecture_trials import ArchitectureTrials
from nni_nlp_bench.strategies.base import Strategy
from nni_nlp_bench.strategies.registry import is_multi_fidelity, make_strategy
from search_spaces.base import SearchSpace, get_space
from search_spaces.constrained import ConstrainedSpace
from search_spaces.tabular import TabularSpace


class TunerConfigError(UserError):
    """The tuner's classArgs cannot be used; the message names the remedy."""


MINIMIZE = "minimize"


def check_names(class_args: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise TunerConfigError for a name that is not among those known."""
    for name in class_args:
        if name not in known:
            raise TunerConfigError(f"unknown classArgs {name!r}; known: {', '.join(known)}")


def minimizes(optimize_mode: str) -> bool:
    """Whether a lower result is better. Raises TunerConfigError."""
    if optimize_mode not in (MINIMIZE, "maximize"):
        raise TunerConfigError(
            f"classArgs optimize_mode is minimize or maximize, not {optimize_mode!r}"
        )
    return optimize_mode == MINIMIZE


@dataclass(frozen=True)
class TunerConfig:
    """What a StrategyTuner runs."""

    strategy: str
    """Name of a discrete strategy."""
    space: str = "rnn_cell"
    seed: int = 0
    epochs: int | None = None
    """Epochs of a full training, for strategies that also ask for shorter ones."""
    options: Mapping[str, Any] = field(default_factory=dict)
    """Options of the strategy, by name."""
    restrict_to: str | None = None
    """A benchmark, by name or folder: only the architectures that its table holds are tried."""
    optimize_mode: str = MINIMIZE
    """`minimize` or `maximize` the trials' results: of a loss, less is better."""

    @classmethod
    def from_args(cls, args: Mapping[str, Any]) -> TunerConfig:
        """The setting that `classArgs` give. Raises TunerConfigError, UnknownNameError."""
        check_names(args, [f.name for f in fields(cls)])
        if "strategy" not in args:
            raise TunerConfigError("classArgs lack 'strategy': give the name of one")
        setting = cls(**args)
        for name, kind in (("seed", int), ("epochs", int | None), ("options", Mapping)):
            if not isinstance(getattr(setting, name), kind):
                raise TunerConfigError(
                    f"classArgs {name}: {getattr(setting, name)!r} cannot be used"
                )
        minimizes(setting.optimize_mode)
        if is_multi_fidelity(setting.strategy, setting.options) and setting.epochs is None:
            raise TunerConfigError(
                f"strategy {setting.strategy!r} asks for shorter trainings too: give classArgs "
                "epochs, the length of a full one"
            )
        return setting

    def build(self) -> tuple[Strategy, ArchitectureTrials]:
        """The strategy, ready to ask, and its trials. Raises UserError."""
        trials = ArchitectureTrials(get_space(self.space))
        try:
            strategy = make_strategy(
                self.strategy, self._space(trials), self.seed, self.epochs or 1, **self.options
            )
        except TypeError as error:
            raise TunerConfigError(f"classArgs options: {error}") from None
        return strategy, trials

    def _space(self, trials: ArchitectureTrials) -> SearchSpace[Any]:
        if self.restrict_to is None:
            return ConstrainedSpace(trials.space, trials.allows_architecture)
        from nni_nlp_bench.benchmarks.catalogue import load

        benchmark = load(self.restrict_to)
        held = benchmark.architectures()
        if benchmark.space_name != self.space or held is None:
            raise TunerConfigError(
                f"classArgs restrict_to: {self.restrict_to} holds no list of {self.space} "
                "architectures"
            )
        return TabularSpace(trials.space, held)
