"""All encoders as NNI choices and in one network: samples against what they stand for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import nni
import numpy as np
import pytest
import torch
from nni.mutable import SampleValidationError
from nni.nas.evaluator import FunctionalEvaluator
from nni.nas.evaluator.pytorch import LightningModule
from nni.nas.execution import SequentialExecutionEngine
from nni.nas.space import RawFormatModelSpace, model_context
from nni.nas.strategy import (
    DARTS,
    ENAS,
    GumbelDARTS,
    Proxyless,
    RandomOneShot,
    RegularizedEvolution,
)
from torch import Tensor, nn

from nni_nlp_bench.core.errors import UserError
from search_spaces.encoder import EncoderArchitecture, EncoderError, EncoderLayer, moves
from search_spaces.encoder.classifier import ClassifierSizes, EncoderClassifier
from search_spaces.encoder.model_space import EncoderModelSpace
from search_spaces.encoder.mutables import Encoders
from search_spaces.encoder.supernet import SampledEncoders

pytestmark = pytest.mark.usefixtures("quiet")

VECTORS, CLASSES = 3, 4
SIZES: dict[str, Any] = {"vectors": VECTORS, "classes": CLASSES}
TWO = EncoderArchitecture(
    128, (EncoderLayer("SA", "WMA", 4, 512, 3), EncoderLayer("DSC", 9, 2, 1024, 1))
)


@pytest.fixture(scope="module")
def supernet() -> Any:
    torch.manual_seed(0)
    return ENAS().mutate_model(EncoderModelSpace(**SIZES)).eval()


def words() -> tuple[Tensor, Tensor]:
    """Vectors and mask of three sentences."""
    generator = torch.Generator().manual_seed(1)
    vectors = torch.randn(3, 5, VECTORS, generator=generator)
    return vectors, torch.arange(5) < torch.tensor([5, 2, 4])[:, None]


def drawn(seed: int) -> EncoderArchitecture:
    return moves.sample(np.random.default_rng(seed))


def take(space: Any, encoder: EncoderArchitecture) -> None:
    """Let the supernet be one encoder."""
    space.encoders.resample(memo=space.to_sample(encoder))


@pytest.mark.parametrize("strategy", [DARTS(), GumbelDARTS(), Proxyless()])
def test_a_strategy_that_mixes_is_refused(strategy: Any) -> None:
    name = type(strategy).__name__
    with pytest.raises(UserError, match=f"{name} does not search the space encoder, .* take ENAS"):
        strategy.mutate_model(EncoderModelSpace(**SIZES))


def test_choices_alone_have_no_weights() -> None:
    space = EncoderModelSpace(**SIZES)
    assert type(space.encoders) is Encoders
    assert not list(space.parameters())


@pytest.mark.parametrize("strategy", [RandomOneShot(), ENAS()])
def test_a_strategy_that_samples_puts_all_encoders_into_their_place(strategy: Any) -> None:
    space = strategy.mutate_model(EncoderModelSpace(**SIZES))
    assert type(space.encoders) is SampledEncoders
    oneshot = strategy.configure_oneshot_module(LightningModule())
    oneshot.set_model(space)
    oneshot.resample()
    assert space(*words()).shape == (3, CLASSES)
    space.validate(oneshot.export())
    assert space.from_sample(oneshot.export())


@pytest.mark.parametrize("seed", range(4))
def test_a_sampled_encoder_is_its_network(supernet: Any, seed: int) -> None:
    take(supernet, drawn(seed))
    assert supernet.current() == drawn(seed)
    frozen = supernet.freeze(supernet.to_sample(drawn(seed))).eval()
    assert isinstance(frozen, EncoderClassifier)
    assert (frozen.encoder, frozen.sizes) == (drawn(seed), ClassifierSizes(**SIZES))
    assert supernet.export(frozen) == drawn(seed)
    torch.testing.assert_close(supernet(*words()), frozen(*words()))
    for own, of_frozen in zip(
        supernet.layer_outputs(*words()), frozen.layer_outputs(*words()), strict=True
    ):
        torch.testing.assert_close(own, of_frozen)
    own = {weight.data_ptr() for weight in frozen.parameters()}
    assert not own & {weight.data_ptr() for weight in supernet.parameters()}


def test_only_the_sampled_encoder_learns(supernet: Any) -> None:
    supernet.zero_grad()
    take(supernet, TWO)
    supernet(*words()).sum().backward()
    learned = sum(weight.numel() for weight in supernet.parameters() if weight.grad is not None)
    alone = EncoderClassifier(TWO, ClassifierSizes(**SIZES))
    assert learned == sum(weight.numel() for weight in alone.parameters())


def test_parts_are_shared(supernet: Any) -> None:
    """A layer of the same number has the same mixing where operation and heads are the same."""

    def part(encoder: EncoderArchitecture, name: str) -> nn.Module:
        network: nn.Module = supernet.encoders.network(encoder)
        return network.get_submodule(name)

    wide = TWO.layers[0]._replace(feed_forward=1024)
    other = replace(TWO, layers=(wide, *TWO.layers[1:], *TWO.layers))
    assert part(TWO, "layers.0.mixing") is part(other, "layers.0.mixing")
    assert part(TWO, "layers.0.feed_forward") is not part(other, "layers.0.feed_forward")
    assert part(TWO, "layers.1") is not part(other, "layers.1")
    assert part(TWO, "layers.1.mixing") is part(other, "layers.1.mixing")
    assert part(TWO, "layers.1.mixing") is not part(other, "layers.3.mixing")
    assert part(TWO, "head") is part(other, "head")
    assert part(TWO, "head") is not part(replace(TWO, hidden_size=256), "head")


def test_nothing_is_sampled_before_a_strategy_does() -> None:
    space: Any = RandomOneShot().mutate_model(EncoderModelSpace(**SIZES))
    with pytest.raises(EncoderError, match="the sample lacks the choice 'hidden_size'"):
        space(*words())


def test_a_frozen_space_is_the_network_of_its_sample() -> None:
    space = EncoderModelSpace(**SIZES, dropout=0.3)
    sample = space.to_sample(TWO)
    frozen = space.freeze(sample)
    assert (frozen.encoder, frozen.sizes) == (TWO, ClassifierSizes(VECTORS, CLASSES, 0.3))
    with model_context(sample):
        fixed: Any = EncoderModelSpace(**SIZES, dropout=0.3)
    assert (fixed.encoder, fixed.sizes) == (frozen.encoder, frozen.sizes)
    with pytest.raises(SampleValidationError):
        space.freeze({**sample, "layers": 3})


def test_strategies_that_train_each_network_get_networks() -> None:
    seen = []

    def evaluate(network: EncoderClassifier) -> None:
        seen.append(network.encoder)
        assert network(*words()).isfinite().all()
        nni.report_final_result(float(len(network.encoder.layers)))

    space = RawFormatModelSpace.from_model(
        EncoderModelSpace(**SIZES), FunctionalEvaluator(evaluate)
    )
    strategy = RegularizedEvolution(population_size=4, sample_size=2, seed=0)
    strategy(space, SequentialExecutionEngine(8))
    assert len(seen) == 8
    assert len(set(seen)) > 1
