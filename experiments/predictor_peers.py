"""Compare `guided` with other predictors and optimizers on the same features.

    python experiments/predictor_peers.py tables --out docs/results

`tables` holds imported tables as for strategy_comparison.py. WeakNAS and the pairwise ranker of
BRP-NAS have the start, the candidates and the features of `guided`. Optuna's Gaussian process and
HEBO, samplers of numbers, search the first ten principal components of the features; a point stands
for the nearest architecture that was not evaluated. SMAC3 is the strategy `smac`. What is not
installed is left out. HEBO 0.3.6 asks for NumPy below 2, but runs with it:

    pip install pymoo disjoint-set
    pip install --no-deps HEBO==0.3.6

Change: --strategies, names of this file or of the library; --tasks; --seeds.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from strategy_comparison import compare_on, select_tasks

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.model_based.bananas import best_positions
from nni_nlp_bench.strategies.algorithms.model_based.predictor_based import PredictorBasedStrategy
from nni_nlp_bench.strategies.base import Proposal, Strategy
from nni_nlp_bench.strategies.configs import StrategyConfig
from nni_nlp_bench.strategies.models.candidates import CandidatePool
from nni_nlp_bench.strategies.models.rank_gaussian_process import normal_scores

Array = NDArray[np.float64]
COMPONENTS = 10


class WeakNas(PredictorBasedStrategy):
    """WeakNAS (Wu et al., 2021, arXiv 2102.10490): ten draws from the hundred predicted best.

    The weak predictor is an ensemble of extremely randomised trees.
    """

    top = 100

    def select(self, candidates: Array, count: int) -> Sequence[int]:
        """Return random ones of the candidates that are predicted to be the best."""
        from sklearn.ensemble import ExtraTreesRegressor

        seed = int(self.rng.integers(2**31))
        trees = ExtraTreesRegressor(100, max_features=0.3, min_samples_leaf=2, random_state=seed)
        trees.fit(self.features(), normal_scores(self.scores))
        best = best_positions(trees.predict(candidates), self.top)
        drawn = self.rng.choice(best, min(count, len(best)), replace=False)
        return [int(i) for i in drawn]


class BrpNas(PredictorBasedStrategy):
    """BRP-NAS (Dudziak et al., 2020, arXiv 2007.08668): a binary relation predictor.

    Half of a batch has the highest predicted ranks, the others are drawn from the best hundred. The
    relation is a logistic regression of the difference of the features.
    """

    top = 100
    pairs = 3000

    def select(self, candidates: Array, count: int) -> Sequence[int]:
        """Return the candidates of the highest ranks, and random ones of the better ones."""
        order = best_positions(candidates @ self._weights(), self.top)
        half = (count + 1) // 2
        rest = order[half:]
        drawn = self.rng.choice(rest, min(count - half, len(rest)), replace=False)
        return [*order[:half], *drawn.tolist()]

    def _weights(self) -> Array:
        from sklearn.linear_model import LogisticRegression

        features, targets = self.features(), normal_scores(self.scores)
        one, other = np.triu_indices(len(targets), 1)
        differ = np.flatnonzero(targets[one] != targets[other])
        chosen = self.rng.permutation(differ)[: self.pairs]
        one, other = one[chosen], other[chosen]
        differences = features[one] - features[other]
        better = targets[one] > targets[other]
        relation = LogisticRegression(C=0.01, fit_intercept=False, max_iter=1000)
        relation.fit(np.concatenate([differences, -differences]), np.append(better, ~better))
        return np.asarray(relation.coef_[0])


class ComponentStrategy(Strategy):
    """A sampler of points in the unit cube of the first principal components of a table."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        if self.space.table is None:
            raise UserError(f"{type(self).__name__} searches tables only")
        table = list(self.space.table)
        rows = CandidatePool(self.space, self.rng, 20).features(table)
        _, _, axes = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
        points = rows @ axes[:COMPONENTS].T
        low, high = points.min(axis=0), points.max(axis=0)
        self._points = (points - low) / np.where(high > low, high - low, 1.0)
        self._table = table
        self._left = np.ones(len(table), dtype=np.bool_)
        self._running: dict[Proposal, Any] = {}
        self._worst: float | None = None

    @classmethod
    def uses_features(cls, options: Mapping[str, Any]) -> bool:
        """Return True: the components are those of the features."""
        return True

    @abstractmethod
    def suggest(self) -> tuple[Any, Array]:
        """Return a handle of the sampler, and the point (components,)."""

    @abstractmethod
    def report(self, handle: Any, loss: float) -> None:
        """Report the loss of a suggestion."""

    def ask(self) -> Proposal | None:
        """Return the architecture nearest to the suggested point."""
        left = np.flatnonzero(self._left)
        if not len(left):
            return None
        handle, point = self.suggest()
        nearest = left[np.square(self._points[left] - point).sum(axis=1).argmin()]
        self._left[nearest] = False
        proposal = Proposal(self._table[nearest])
        self._running[proposal] = handle
        return proposal

    def tell(self, proposal: Proposal, score: float | None) -> None:
        """Report a score; a failed training counts as the worst one so far."""
        if score is not None:
            self._worst = -score if self._worst is None else max(self._worst, -score)
        loss = -score if score is not None else (self._worst or 0.0)
        self.report(self._running.pop(proposal), loss)


class OptunaGp(ComponentStrategy):
    """Optuna's Gaussian process sampler."""

    def __init__(self, *args: Any) -> None:
        import optuna

        super().__init__(*args)
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        sampler = optuna.samplers.GPSampler(seed=int(self.rng.integers(2**31)))
        self._study = optuna.create_study(sampler=sampler)
        one = optuna.distributions.FloatDistribution(0.0, 1.0)
        self._cube = {f"x{i}": one for i in range(self._points.shape[1])}

    def suggest(self) -> tuple[Any, Array]:
        """Return a trial of the study and its point."""
        trial = self._study.ask(self._cube)
        return trial, np.array(list(trial.params.values()))

    def report(self, handle: Any, loss: float) -> None:
        """Report the loss to the study."""
        self._study.tell(handle, loss)


class Hebo(ComponentStrategy):
    """HEBO (Cowen-Rivers et al., 2022, arXiv 2012.03826): batches of four of its default settings.

    HEBO draws on the global generators of NumPy and torch, which are seeded for each batch.
    """

    batch = 4

    def __init__(self, *args: Any) -> None:
        from hebo.design_space.design_space import DesignSpace
        from hebo.optimizers.hebo import HEBO

        super().__init__(*args)
        names = [f"x{i}" for i in range(self._points.shape[1])]
        cube = [{"name": name, "type": "num", "lb": 0.0, "ub": 1.0} for name in names]
        self._hebo = HEBO(DesignSpace().parse(cube), scramble_seed=self._seed())
        self._suggested: list[Any] = []

    def suggest(self) -> tuple[Any, Array]:
        """Return the next row of the batch and its point."""
        if not self._suggested:
            import torch

            np.random.seed(self._seed())
            torch.manual_seed(self._seed())
            rows = self._hebo.suggest(self.batch)
            self._suggested = [rows.iloc[[i]] for i in range(len(rows))]
        row = self._suggested.pop(0)
        return row, row.to_numpy(dtype=np.float64)[0]

    def report(self, handle: Any, loss: float) -> None:
        """Report the loss to HEBO."""
        self._hebo.observe(handle, np.array([[loss]]))

    def _seed(self) -> int:
        return int(self.rng.integers(2**31))


PEERS: dict[str, tuple[type[Strategy], dict[str, Any]]] = {
    "weak_nas": (WeakNas, {"batch": 10, "scored_start": True}),
    "brp_nas": (BrpNas, {"batch": 10, "scored_start": True}),
    "optuna_gp": (OptunaGp, {}),
    "hebo": (Hebo, {}),
}
LIBRARIES = {"smac": "smac", "optuna_gp": "torch", "hebo": "hebo"}
"""Libraries that may be missing, by the name of the strategy that needs them."""
LIBRARY = (
    "random",
    "guided",
    "bananas(scored_start=True, samples=500)",
    "npenas(scored_start=True, samples=500)",
    "smac",
)


def main(
    tables: Annotated[Path, typer.Argument(help="Folder of imported tables.")],
    out: Annotated[Path, typer.Option(help="Folder of the results.")],
    seeds: Annotated[int, typer.Option(min=3, help="Searches of each strategy.")] = 20,
    tasks: Annotated[str, typer.Option(help="Names of tasks to run.")] = "ptb,ptb:halves",
    processes: Annotated[int, typer.Option(min=1, help="Searches at a time.")] = 2,
) -> None:
    """Run the searches that are missing, and write the tables."""
    configs = [StrategyConfig.of(name) for name in LIBRARY]
    configs += [StrategyConfig(name, kind, options) for name, (kind, options) in PEERS.items()]
    for config in list(configs):
        library = LIBRARIES.get(config.name)
        if library is not None and find_spec(library) is None:
            print(f"left out: {config.name}: {library} is not installed")
            configs.remove(config)
    chosen = select_tasks(tables, tasks)
    compare_on(chosen, configs, range(seeds), out / Path(__file__).stem, processes)


if __name__ == "__main__":
    try:
        typer.run(main)
    except UserError as error:
        raise SystemExit(f"error: {error}") from None
