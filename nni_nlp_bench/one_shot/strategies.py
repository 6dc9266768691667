"""The built-in one-shot strategies."""

from __future__ import annotations

from typing import Any

from nni_nlp_bench.one_shot.base import OneShotStrategy
from nni_nlp_bench.one_shot.settings import OneShotSettings


class EnasStrategy(OneShotStrategy):
    """Policy gradient on sampled architectures (ENAS; Pham et al., 2018)."""

    spaces = ("emd_cell", "enas_cell", "encoder", "textnas")
    plugin_spaces = True

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return NNI's ENAS, with a resumable optimizer of the policy."""
        from nni_nlp_bench.one_shot.nni_strategies import make_enas

        return make_enas(settings.rewards_per_update, settings.policy_learning_rate)


class TextNasEnasStrategy(OneShotStrategy):
    """ENAS with a moving-average baseline and a penalty on the skip rate (TextNAS)."""

    spaces = ("textnas",)

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return the search of TextNAS (Wang et al., 2020)."""
        from nni_nlp_bench.one_shot.controller import ControllerSettings
        from nni_nlp_bench.one_shot.textnas_enas import TextNasEnas

        return TextNasEnas(ControllerSettings(learning_rate=settings.policy_learning_rate))


class DartsStrategy(OneShotStrategy):
    """Learned mixture of all choices (DARTS; Liu et al., 2019)."""

    spaces = ("emd_cell", "enas_cell", "textnas")
    plugin_spaces = True
    samples = False

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return NNI's DARTS, with a resumable optimizer."""
        from nni_nlp_bench.one_shot.nni_strategies import ResumableDarts, differentiable_options

        return ResumableDarts(**differentiable_options(settings.choice_learning_rate))


class GumbelDartsStrategy(OneShotStrategy):
    """DARTS with Gumbel-softmax weights (SNAS; Xie et al., 2019)."""

    spaces = ("emd_cell", "enas_cell", "textnas")
    plugin_spaces = True
    samples = False

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return NNI's GumbelDARTS, with a resumable optimizer."""
        from nni_nlp_bench.one_shot.nni_strategies import (
            ResumableGumbelDarts,
            differentiable_options,
        )

        return ResumableGumbelDarts(**differentiable_options(settings.choice_learning_rate))


class ProxylessStrategy(OneShotStrategy):
    """One sampled path per step with learned path weights (ProxylessNAS; Cai et al., 2019)."""

    spaces = ("textnas",)

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return NNI's Proxyless, with a resumable optimizer."""
        from nni_nlp_bench.one_shot.nni_strategies import (
            ResumableProxyless,
            differentiable_options,
        )

        return ResumableProxyless(**differentiable_options(settings.choice_learning_rate))


class KdEmdStrategy(OneShotStrategy):
    """DARTS whose choices minimize a distillation loss (KD-NAS-EMD; Li et al., 2021)."""

    spaces = ("emd_cell", "textnas")
    plugin_spaces = True
    min_epochs = 2
    samples = False
    distills = True

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return the search of KD-NAS-EMD."""
        from nni_nlp_bench.one_shot.kd_emd import KdEmd

        return KdEmd(settings.kd_learning_rate, optimizer=settings.kd_optimizer)


class RandomStrategy(OneShotStrategy):
    """Uniformly sampled architectures share weights (Guo et al., 2020)."""

    spaces = ("emd_cell", "enas_cell", "encoder", "textnas")
    plugin_spaces = True

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return NNI's RandomOneShot, which draws from torch's global generator."""
        from nni_nlp_bench.one_shot.nni_strategies import SeededRandomOneShot

        return SeededRandomOneShot()


class TeNasStrategy(OneShotStrategy):
    """Pruning by tangent kernel and linear regions, untrained (TE-NAS; Chen et al., 2021)."""

    spaces = ("emd_cell", "enas_cell", "textnas")
    samples = False
    trains = False

    @classmethod
    def make(cls, settings: OneShotSettings) -> Any:
        """Return the pruning search with the settings of the published code."""
        from nni_nlp_bench.one_shot.te_nas import TeNas

        return TeNas()
