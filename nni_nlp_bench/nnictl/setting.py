"""The `classArgs` of the tuner: which strategy, over which space."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

from nni_nlp_bench.nnictl.architecture_trials import ArchitectureTrials
from nni_nlp_bench.strategies.registry import make_searcher, needs_curves
from nni_nlp_bench.strategies.searcher import Searcher
from search_spaces.base import SearchSpace, get_space
from search_spaces.bounded import BoundedSpace
from search_spaces.errors import UserError
from search_spaces.restricted import RestrictedSpace


class SettingError(UserError):
    """The tuner's classArgs cannot be used; the message names the remedy."""


MINIMIZE = "minimize"


def check_names(class_args: Mapping[str, Any], known: Sequence[str]) -> None:
    """Raise SettingError for a name that is not among those known."""
    for name in class_args:
        if name not in known:
            raise SettingError(f"unknown classArgs {name!r}; known: {', '.join(known)}")


def minimizes(optimize_mode: str) -> bool:
    """Whether a lower result is better. Raises SettingError."""
    if optimize_mode not in (MINIMIZE, "maximize"):
        raise SettingError(
            f"classArgs optimize_mode is minimize or maximize, not {optimize_mode!r}"
        )
    return optimize_mode == MINIMIZE


@dataclass(frozen=True)
class Setting:
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
    def from_args(cls, args: Mapping[str, Any]) -> Setting:
        """The setting that `classArgs` give. Raises SettingError, UnknownNameError."""
        check_names(args, [f.name for f in fields(cls)])
        if "strategy" not in args:
            raise SettingError("classArgs lack 'strategy': give the name of one")
        setting = cls(**args)
        for name, kind in (("seed", int), ("epochs", int | None), ("options", Mapping)):
            if not isinstance(getattr(setting, name), kind):
                raise SettingError(f"classArgs {name}: {getattr(setting, name)!r} cannot be used")
        minimizes(setting.optimize_mode)
        if needs_curves(setting.strategy, setting.options) and setting.epochs is None:
            raise SettingError(
                f"strategy {setting.strategy!r} asks for shorter trainings too: give classArgs "
                "epochs, the length of a full one"
            )
        return setting

    def searcher(self) -> tuple[Searcher, ArchitectureTrials]:
        """The strategy, ready to ask, and its trials. Raises UserError."""
        trials = ArchitectureTrials(get_space(self.space))
        try:
            searcher = make_searcher(
                self.strategy, self._space(trials), self.seed, self.epochs or 1, **self.options
            )
        except TypeError as error:
            raise SettingError(f"classArgs options: {error}") from None
        return searcher, trials

    def _space(self, trials: ArchitectureTrials) -> SearchSpace[Any]:
        if self.restrict_to is None:
            return BoundedSpace(trials.space, trials.allows_architecture)
        from nni_nlp_bench.benchmarks.catalogue import load

        benchmark = load(self.restrict_to)
        held = benchmark.architectures()
        if benchmark.space != self.space or held is None:
            raise SettingError(
                f"classArgs restrict_to: {self.restrict_to} holds no list of {self.space} "
                "architectures"
            )
        return RestrictedSpace(trials.space, held)
