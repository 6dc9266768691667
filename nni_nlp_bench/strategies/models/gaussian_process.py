"""Gaussian process regression with scikit-learn."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def spread(values: Array) -> Array:
    """Return the standard deviations of columns, 1 for constant ones, as divisors."""
    deviation = np.asarray(values.std(axis=0))
    return np.where(deviation > 0, deviation, 1.0)


class GaussianProcess:
    """Constant mean, isotropic squared-exponential kernel and white noise.

    `x` is standardised, one point per row; `y` is divided by `scale`. `noise` is the known variance
    of each y in addition to the white noise, in units of y. Without a `kernel`, one is fitted by
    maximum likelihood, from a fixed start and `restarts` fixed random ones.
    """

    def __init__(
        self,
        x: Array,
        y: Array,
        noise: Array | float = 0.0,
        scale: float | None = None,
        kernel: Any = None,
        restarts: int = 0,
    ) -> None:
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.gaussian_process import GaussianProcessRegressor

        self._mean = float(y.mean())
        self._scale = float(spread(y)) if scale is None else scale
        self._model = GaussianProcessRegressor(
            _new_kernel(x.shape[1]) if kernel is None else kernel,
            alpha=noise / self._scale**2 + 1e-10,
            optimizer="fmin_l_bfgs_b" if kernel is None else None,
            n_restarts_optimizer=restarts if kernel is None else 0,
            random_state=0,
        )
        with warnings.catch_warnings():
            # a bound that is reached is an answer: no noise, or nothing but noise
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._model.fit(x, (y - self._mean) / self._scale)

    @property
    def kernel(self) -> Any:
        """Kernel with fitted parameters, in units of `scale`."""
        return self._model.kernel_

    @property
    def log_likelihood(self) -> float:
        """Log marginal likelihood of y / scale, comparable at equal scales."""
        return float(self._model.log_marginal_likelihood_value_)

    def predict(self, x: Array, noise: bool = True) -> tuple[Array, Array]:
        """Return mean and variance of new measurements, with or without their white noise."""
        mean, deviation = self._model.predict(x, return_std=True)
        variance = np.square(deviation)
        if not noise:
            variance = np.maximum(variance - self.kernel.k2.noise_level, 0.0)
        return self._mean + self._scale * mean, self._scale**2 * variance


def _new_kernel(dimensions: int) -> Any:
    """Return a kernel with length bounds around sqrt(2 * dimensions), the typical distance."""
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel

    length = dimensions**0.5
    smooth = RBF(length, (0.1 * length, 10 * length))
    return ConstantKernel(1.0, (1e-4, 1e2)) * smooth + WhiteKernel(0.1, (1e-6, 10.0))
