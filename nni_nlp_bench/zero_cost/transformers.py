"""Zero-cost scores that encoders and decoders share: ZeroLM and W-PCA."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, Protocol

if TYPE_CHECKING:
    from torch import Tensor, nn

ATTENTION_WEIGHT = 1.0
"""ZeroLM's alpha. The paper tunes it on each benchmark; here no result of a training decides."""
EXPLAINED_VARIANCE = 0.99


class TransformerStatistics(Protocol):
    """What these scores read of an untrained transformer."""

    @property
    def attention_matrices(self) -> list[Tensor]:
        """Initial matrices of whatever mixes tokens, and of its output projections."""

    @property
    def feed_forward_matrices(self) -> list[Tensor]:
        """Initial matrices of all feed-forward networks."""

    @property
    def feed_forward_hidden(self) -> list[Tensor]:
        """Per layer, the outputs (tokens, width) of the first matrix of its feed-forward network,
        before the activation."""

    @property
    def num_parameters(self) -> int:
        """Number of parameters of the network, embeddings included."""


class ZeroLm:
    """Squared Frobenius norms of the initial matrices, each divided by its smaller side.

    The sum over the feed-forward networks plus alpha times that over the attention, alpha = 1
    (ZeroLM, arXiv 2503.18646). No text is read.
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: TransformerStatistics) -> float:
        """Return the sum."""
        attention, feed_forward = (
            math.fsum(_mean_square(matrix) for matrix in matrices)
            for matrices in (statistics.attention_matrices, statistics.feed_forward_matrices)
        )
        return feed_forward + ATTENTION_WEIGHT * attention


class WeightedPca:
    """Number of parameters times that of the principal components of feed-forward networks.

    Counted are the components of the outputs of each layer's first feed-forward matrix that explain
    99 % of their variance over the tokens of the batch (W-PCA, arXiv 2504.15983).
    """

    higher_is_better: ClassVar[bool] = True

    def of(self, statistics: TransformerStatistics) -> float:
        """Return the product. One forward pass without gradients is enough."""
        components = sum(principal_components(x) for x in statistics.feed_forward_hidden)
        return float(statistics.num_parameters * components)


def principal_components(values: Tensor, explained: float = EXPLAINED_VARIANCE) -> int:
    """Return how many principal components explain more than a share of the variance.

    Args:
        values: Samples by features, (samples, features).
        explained: The share, in (0, 1).
    """
    import torch

    centred = values.double() - values.double().mean(0)
    # Both products have the same eigenvalues above 0.
    samples, features = centred.shape
    gram = centred.T @ centred if features <= samples else centred @ centred.T
    variances = torch.linalg.eigvalsh(gram).clamp(min=0).flip(0)
    shares = variances.cumsum(0) / variances.sum()
    return int((shares <= explained).sum()) + 1


def matrices(modules: Iterable[nn.Module]) -> list[Tensor]:
    """Return the weights of modules that are matrices: not those of norms and convolutions."""
    return [
        weight.detach()
        for module in modules
        for name, weight in module.named_parameters()
        if name.endswith("weight") and weight.dim() == 2
    ]


def module_outputs(
    network: nn.Module, modules: Iterable[nn.Module], *inputs: Tensor
) -> list[Tensor]:
    """Return the output (tokens, width) of each module in a forward pass of a network.

    The pass is in evaluation mode and without gradients.
    """
    import torch

    found: list[Tensor] = []
    hooks = [
        module.register_forward_hook(lambda _module, _inputs, out: found.append(out.flatten(0, -2)))
        for module in modules
    ]
    try:
        with torch.no_grad():
            network.eval()(*inputs)
    finally:
        for hook in hooks:
            hook.remove()
    return found


def _mean_square(matrix: Tensor) -> float:
    return float(matrix.double().square().sum()) / min(matrix.shape)


ZEROLM = ZeroLm()
W_PCA = WeightedPca()
