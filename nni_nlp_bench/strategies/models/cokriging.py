"""Two fidelities as one model: auto-regressive co-kriging (Kennedy and O'Hagan, 2000)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from nni_nlp_bench.strategies.models.gaussian_process import Array, GaussianProcess, spread


@dataclass(frozen=True, slots=True)
class Posterior:
    """Predicted high-fidelity values."""

    mean: Array
    low_variance: Array
    """Variance that a low-fidelity measurement would remove."""
    delta_variance: Array
    """Variance that only a high-fidelity measurement would remove."""

    @property
    def std(self) -> Array:
        """Standard deviation of the sum of both."""
        return np.asarray(np.sqrt(self.low_variance + self.delta_variance))


class CoKriging:
    """f_H(x) = rho f_L(x) + delta(x), where f_L and delta are Gaussian processes.

    High-fidelity points need not have low-fidelity values: measured values replace f_L (the
    recursive form of Le Gratiet and Garnier, 2014, arXiv 1210.0686), elsewhere its predicted mean
    and variance do. rho maximises the likelihood of the high-fidelity values, with delta's kernel
    fitted for every rho. The same measurements give the same model.
    """

    rho: float

    def __init__(self, restarts: int = 2) -> None:
        self._restarts = restarts
        self._kernels: tuple[Any, Any] | None = None

    def fit(
        self, low_x: Array, low_y: Array, high_x: Array, high_y: Array, learn: bool = True
    ) -> None:
        """Fit to all measurements, one per row; rho needs at least three of high fidelity.

        Without `learn`, rho and the kernels are kept, which takes milliseconds.
        """
        low_kernel, delta_kernel = (None, None) if learn or not self._kernels else self._kernels
        both = np.concatenate([low_x, high_x])
        self._centre, self._spread = both.mean(axis=0), spread(both)
        self._measured = {x.tobytes(): float(y) for x, y in zip(low_x, low_y, strict=True)}
        self._low = GaussianProcess(
            self._standard(low_x), low_y, kernel=low_kernel, restarts=self._restarts
        )
        f_low, variance = self._low_values(high_x)
        x, scale = self._standard(high_x), float(spread(high_y))

        def delta(rho: float, kernel: Any = None, restarts: int = 0) -> GaussianProcess:
            noise = rho**2 * variance
            return GaussianProcess(x, high_y - rho * f_low, noise, scale, kernel, restarts)

        if delta_kernel is None:
            self.rho = _likeliest(
                lambda rho: delta(rho).log_likelihood, scale / float(spread(low_y))
            )
        self._delta = delta(self.rho, delta_kernel, self._restarts)
        self._kernels = self._low.kernel, self._delta.kernel

    def predict(self, x: Array) -> tuple[Array, Array]:
        """Return mean and standard deviation of f_H."""
        posterior = self.posterior(x)
        return posterior.mean, posterior.std

    def posterior(self, x: Array) -> Posterior:
        """Return the mean of f_H and both parts of its variance."""
        f_low, low_variance = self._low_values(x)
        delta, delta_variance = self._delta.predict(self._standard(x))
        return Posterior(self.rho * f_low + delta, self.rho**2 * low_variance, delta_variance)

    def _low_values(self, x: Array) -> tuple[Array, Array]:
        """Return f_L and its variance, which is 0 at measured points."""
        mean, variance = self._low.predict(self._standard(x))
        measured = np.array([self._measured.get(row.tobytes(), np.nan) for row in x])
        known = np.isfinite(measured)
        return np.where(known, measured, mean), np.where(known, 0.0, variance)

    def _standard(self, x: Array) -> Array:
        return np.asarray((x - self._centre) / self._spread)


def _likeliest(log_likelihood: Callable[[float], float], unit: float) -> float:
    """Maximise the likelihood of rho on a grid from -3 to 3 units, then on a finer one."""
    from scipy.optimize import minimize_scalar

    grid = unit * np.arange(-3.0, 4.0)
    best = grid[int(np.argmax([log_likelihood(rho) for rho in grid]))]
    around = (best - unit, best + unit)
    found = minimize_scalar(
        lambda rho: -log_likelihood(rho), bounds=around, options={"xatol": unit / 50}
    )
    return float(found.x)
