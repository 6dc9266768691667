"""Zero-cost scores of sentence classifiers, besides those of `gradients`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nni_nlp_bench.zero_cost.codes import agreeing_units, log_determinant

if TYPE_CHECKING:
    from nni_nlp_bench.zero_cost.sentences.statistics import SentenceStatistics


class Naswot:
    """How well the signs of the activations' inputs distinguish the texts of a batch.

    J. Mellor et al., Neural Architecture Search without Training (ICML 2021). A unit is a channel
    at a place of the text; it counts for two texts that both have a word there. Inputs of each ReLU
    count, and the outputs of a GRU; pools and skips have no activation.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: SentenceStatistics) -> float:
        """Return log |det K|, K = sum of c c' + (1 - c)(1 - c)' over the codes c of the units.

        -inf if two texts have the same code, as without any activation.
        """
        mask = statistics.batch.mask
        return log_determinant(
            agreeing_units((values > 0).flatten(1), mask[..., None].expand(values.shape).flatten(1))
            for values in statistics.activations
        )


class LinearRegions:
    """Number of linear regions that random inputs fall into (W. Chen et al., TE-NAS, ICLR 2021).

    The network has one channel, or one per head. Its inputs lie on a random line through the texts
    of three words of one number each. The mean over three draws of the weights; what counts of an
    activation is as for `naswot`.
    """

    higher_is_better: ClassVar[bool] = True
    networks: ClassVar[int] = 3
    samples: ClassVar[int] = 3000
    length: ClassVar[int] = 3

    def of(self, statistics: SentenceStatistics) -> float:
        """Return the mean number of regions, at least 1 and at most the number of inputs."""
        import torch

        from nni_nlp_bench.zero_cost.linear_regions import linear_regions

        rng = np.random.default_rng(statistics.seed)
        line = rng.standard_normal((self.samples, 1)) * rng.standard_normal(self.length)
        inputs = torch.from_numpy(line).float()[..., None]
        run = {"mask": torch.ones(inputs.shape[:2], dtype=torch.bool)}
        networks = statistics.thin_networks(self.networks)
        counts = [linear_regions(each, partial(each, **run), [inputs]) for each in networks]
        return float(np.mean(counts))


class NumParams:
    """Number of parameters of the network, without the word vectors, which all networks share."""

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: SentenceStatistics) -> float:
        """Return the number."""
        return float(statistics.num_parameters)


NASWOT = Naswot()
LINEAR_REGIONS = LinearRegions()
NUM_PARAMS = NumParams()
