"""Base class of strategies that are samplers of optuna over the choices of a space."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from nni_nlp_bench.strategies.sampler_strategy import Losses, SamplerStrategy
from search_spaces.choices import Choices


def choice_distributions(choices: Choices) -> dict[str, Any]:
    """Return an optuna distribution of each choice, by label."""
    import optuna

    return {
        label: optuna.distributions.CategoricalDistribution(values)
        for label, values in choices.categoricals.items()
    }


class OptunaStrategy(SamplerStrategy):
    """A sampler of optuna on the space's categorical choices. It minimises the losses."""

    def _make_sampler(self, seed: int) -> None:
        import optuna

        optuna.logging.set_verbosity(optuna.logging.WARNING)
        count = 1 if self.objectives is None else len(self.objectives.objectives)
        self._distributions = choice_distributions(self._choices)
        self._study = optuna.create_study(
            directions=["minimize"] * count, sampler=self._sampler(seed)
        )

    @abstractmethod
    def _sampler(self, seed: int) -> Any:
        """Return the sampler."""

    def _ask_study(self) -> Any:
        """Return a trial with a value of every choice."""
        return self._study.ask(self._distributions)

    def _suggest(self) -> tuple[Any, Mapping[str, Any]]:
        trial = self._ask_study()
        return trial, trial.params

    def _adopt(self, sample: dict[str, Any]) -> Any:
        self._study.enqueue_trial(sample)
        return self._ask_study()

    def _report(self, handle: Any, epochs: int | None, loss: Losses | None) -> None:
        if loss is None:
            self._drop(handle)
        else:
            self._study.tell(handle, loss)

    def _drop(self, handle: Any) -> None:
        import optuna

        self._study.tell(handle, state=optuna.trial.TrialState.FAIL)
