"""SMAC3's optimizer as the strategy `smac`."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from nni_nlp_bench.core.extras import MissingExtraError
from nni_nlp_bench.strategies.sampler_strategy import Losses, SamplerStrategy
from search_spaces.choices import active_sample
from search_spaces.configspace import configuration_space, sample_of

UNLIMITED = 10**6
MAX_LEAVES = 2**12
"""More than there are evaluations. Each tree reserves memory for all: SMAC's 2**20 take longer than
the rest of the training."""


class Smac(SamplerStrategy):
    """SMAC3 (Lindauer et al., 2022, arXiv 2109.09831): a random forest and expected improvement.

    Its facade for hyperparameter optimization, on the space's choices as conditional categoricals.

    Args:
        *args: Those of every strategy.
        random_first: Number of samples of the space that are evaluated first.
        random_probability: Probability of a random configuration instead of the most promising.
        challengers: Number of random configurations of which the most promising are considered;
            SMAC's own default is 10,000.
        starts: Number of them that its local search starts from, beside as many evaluated ones;
            SMAC's own default is 10.
    """

    def __init__(
        self,
        *args: Any,
        random_first: int = 10,
        random_probability: float = 0.2,
        challengers: int = 1000,
        starts: int = 3,
    ) -> None:
        self._random_probability = random_probability
        self._maximization = {"challengers": challengers, "local_search_iterations": starts}
        self._folder = TemporaryDirectory()
        super().__init__(*args, random_first=random_first)

    @classmethod
    def missing_dependency(cls) -> str | None:
        """Return how to install SMAC3, if it is missing."""
        return None if find_spec("smac") else str(MissingExtraError("smac"))

    def close(self) -> None:
        """Remove SMAC's files."""
        self._folder.cleanup()

    def _make_sampler(self, seed: int) -> None:
        # It warns that there is no initial design: the samples of the space are told instead.
        logging.getLogger("smac.main.config_selector").setLevel(logging.ERROR)
        from smac import HyperparameterOptimizationFacade as Facade
        from smac import Scenario

        self._space = configuration_space(self._choices, seed)
        scenario = Scenario(
            self._space,
            n_trials=UNLIMITED,
            deterministic=True,
            seed=seed,
            output_directory=Path(self._folder.name),
        )
        self._facade = Facade(
            scenario,
            _never_called,
            model=_random_forest(scenario),
            initial_design=Facade.get_initial_design(scenario, n_configs=0),
            acquisition_maximizer=_acquisition_maximizer(scenario, **self._maximization),
            random_design=Facade.get_random_design(scenario, probability=self._random_probability),
            overwrite=True,
            logging_level=False,
        )

    def _suggest(self) -> tuple[Any, Mapping[str, Any]]:
        # Not `facade.ask`: its intensifier repeats evaluations, and waits for those that it gave.
        generator = self._facade.intensifier.config_generator
        with warnings.catch_warnings():
            # Of the mean of no times, for its log, where its local search finds nothing better.
            warnings.simplefilter("ignore", RuntimeWarning)
            configuration = next(generator, None) or self._space.sample_configuration()
        return self._handle(configuration), sample_of(self._choices, configuration)

    def _adopt(self, sample: dict[str, Any]) -> Any:
        from ConfigSpace import Configuration

        values = active_sample(self._choices, sample)
        return self._handle(Configuration(self._space, values=values))

    def _handle(self, configuration: Any) -> Any:
        from smac.runhistory.dataclasses import TrialInfo

        return TrialInfo(configuration, seed=self._facade.scenario.seed)

    def _report(self, handle: Any, epochs: int | None, loss: Losses | None) -> None:
        from smac.runhistory.dataclasses import TrialValue

        loss = self.loss_unit.failure if loss is None else loss
        self._facade.tell(handle, TrialValue(cost=loss), save=False)


def _random_forest(scenario: Any) -> Any:
    """Return the model of SMAC's facade for hyperparameter optimization, with fewer leaves."""
    from smac.model.random_forest.random_forest import RandomForest

    return RandomForest(
        scenario.configspace,
        log_y=True,
        n_trees=10,
        ratio_features=1.0,
        min_samples_split=2,
        min_samples_leaf=1,
        max_leaf_nodes=MAX_LEAVES,
        n_jobs=1,
        seed=scenario.seed,
    )


def _acquisition_maximizer(scenario: Any, **options: int) -> Any:
    """Return SMAC's maximizer of the acquisition function, the same in every process.

    SMAC keeps the starting points of its local search in a set, whose order Python's hash seed
    decides.
    """
    from smac import HyperparameterOptimizationFacade as Facade

    maximizer = Facade.get_acquisition_maximizer(scenario, **options)
    local_search = maximizer._local_search
    starting_points = local_search._get_init_points_from_previous_configs
    local_search._get_init_points_from_previous_configs = lambda *args, **options: sorted(
        starting_points(*args, **options), key=repr
    )
    return maximizer


def _never_called(config: Any, seed: int = 0) -> float:
    """Stand in for the target function, since SMAC is asked and told."""
    raise NotImplementedError
