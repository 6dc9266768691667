"""The policy of TextNAS: samples, probabilities and learning."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nni.nas.evaluator.pytorch import LightningModule

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.one_shot.controller import Controller, ControllerSettings
from nni_nlp_bench.one_shot.textnas_enas import ReinforceModule, TextNasEnas
from search_spaces.enas_cell.model_space import EnasCellModelSpace
from search_spaces.textnas.architecture import OPS
from search_spaces.textnas.choices import ArcChoices, Sample
from search_spaces.textnas.model_space import TextNasModelSpace

PAPER = ControllerSettings()
SMALL = replace(PAPER, width=8)
TINY = ArcChoices(2, 5, ("conv3", "gru", "attention"))
SEEDS = st.integers(0, 2**32 - 1)


def controller(choices: ArcChoices, seed: int = 0, settings: Any = SMALL) -> Controller:
    """One with large weights: its choices are far from even."""
    torch.manual_seed(seed)
    policy = Controller(choices, settings)
    for weight in policy.parameters():
        torch.nn.init.normal_(weight, std=1.0)
    return policy


def written_out(policy: Controller, sample: Sample) -> tuple[float, float, float]:
    """Log probability and entropy of a draw and the penalty of its skips, by the policy's words:
    the state, its tanh within the constant, one distribution a choice."""
    s, choices = policy.settings, policy.choices
    log_probability = entropy = 0.0
    penalties, anchors = [], []
    state, inputs = None, policy.start

    def chosen(logits: torch.Tensor, value: int) -> list[float]:
        nonlocal log_probability, entropy
        powers = [math.exp(s.tanh_constant * math.tanh(logit)) for logit in logits.tolist()]
        shares = [power / sum(powers) for power in powers]
        assert max(shares) / min(shares) <= math.exp(2 * s.tanh_constant)
        log_probability += math.log(shares[value])
        entropy -= sum(share * math.log(share) for share in shares)
        return shares

    for i in range(choices.layers):
        if i > 1:
            state = policy.lstm(inputs, state)
            distance = int(sample[f"input_{i}"])
            chosen(state[0][0] @ policy.input_logits.weight[: min(i, choices.window)].T, distance)
            inputs = policy.input_embedding.weight[distance][None]
        state = policy.lstm(inputs, state)
        op = choices.ops.index(str(sample[f"op_{i}"]))
        chosen(state[0][0] @ policy.op_logits.weight.T, op)
        inputs = policy.op_embedding.weight[op][None]
        state = policy.lstm(inputs, state)
        present, inputs, penalty = state[0][0], policy.start, 0.0
        for j, anchor in enumerate(anchors):
            heard = (policy.earlier.weight @ anchor + policy.present.weight @ present).tanh()
            wish = policy.skip_logits.weight[0] @ heard
            shares = chosen(torch.stack([-wish, wish]), int(sample[f"skip_{i}_{j}"]))
            for share, target in zip(shares, (1 - s.skip_target, s.skip_target), strict=True):
                penalty += share * math.log(share / target)
        if i:
            penalties.append(penalty)
            taken = [anchor for j, anchor in enumerate(anchors) if sample[f"skip_{i}_{j}"]]
            total = sum(taken, torch.zeros_like(present))
            inputs = (total / (1 + len(taken)))[None]
        anchors.append(present)
    return log_probability, entropy, float(np.mean(penalties or [0.0]))


@given(SEEDS, st.integers(1, 6), st.integers(1, 7), st.sets(st.sampled_from(OPS), min_size=1))
@settings(max_examples=60)
def test_every_draw_is_an_architecture_with_its_probability(
    seed: int, layers: int, window: int, ops: set[str]
) -> None:
    choices = ArcChoices(layers, window, tuple(op for op in OPS if op in ops))
    policy = controller(choices, seed).double()
    draw = policy.draw()
    assert set(draw.sample) == set(choices.categoricals)
    assert choices.to_sample(choices.from_sample(draw.sample)) == draw.sample
    log_probability, entropy, penalty = written_out(policy, draw.sample)
    assert draw.log_probability.item() == pytest.approx(log_probability)
    assert draw.entropy.item() == pytest.approx(entropy)
    assert draw.skip_penalty.item() == pytest.approx(penalty)
    most = sum(math.log(len(values)) for values in choices.categoricals.values())
    assert 0 <= entropy <= most + 1e-9
    skips = [value for label, value in draw.sample.items() if label.startswith("skip_")]
    assert draw.skip_rate == pytest.approx(np.mean(skips or [0]))


def test_the_probabilities_of_a_whole_space_sum_up_to_one_and_are_drawn() -> None:
    policy = controller(TINY)
    labels, values = zip(*TINY.categoricals.items(), strict=True)
    every = [dict(zip(labels, of, strict=True)) for of in product(*values)]
    assert len(every) == 3 * 3 * 2
    with torch.no_grad():
        shares = [math.exp(written_out(policy, sample)[0]) for sample in every]
        assert sum(shares) == pytest.approx(1)
        drawn = Counter(tuple(policy.draw().sample.values()) for _ in range(1_000))
    for sample, share in zip(every, shares, strict=True):
        count = drawn[tuple(sample.values())]
        assert abs(count - 1_000 * share) < 5 * math.sqrt(1_000 * share) + 1
    assert sum(drawn.values()) == sum(drawn[tuple(sample.values())] for sample in every)


@pytest.mark.parametrize("target", [0.5, 0.4])
def test_the_penalty_is_zero_exactly_at_the_target(target: float) -> None:
    policy = Controller(ArcChoices(5), replace(SMALL, skip_target=target))
    with torch.no_grad():  # every wish is 0: a skip is as likely as none
        policy.skip_logits.weight.zero_()
    expected = 0.5 * math.log(0.5 / target) + 0.5 * math.log(0.5 / (1 - target))
    skips_a_layer = (1 + 2 + 3 + 4) / 4
    assert policy.draw().skip_penalty.item() == pytest.approx(skips_a_layer * expected, abs=1e-6)


def test_weights_start_within_a_tenth_and_choices_nearly_even() -> None:
    policy = Controller(ArcChoices(), PAPER)
    assert all(weight.abs().max() <= 0.1 for weight in policy.parameters())
    most = sum(math.log(len(values)) for values in ArcChoices().categoricals.values())
    assert policy.draw().entropy.item() > 0.99 * most


class Search:
    """The strategy's own module, with the reward of an architecture in the place of a training."""

    def __init__(self, choices: ArcChoices, settings: ControllerSettings, reward: Any) -> None:
        torch.manual_seed(0)
        model = TextNasModelSpace(choices.layers, choices.window, choices.ops, 2, 4)
        strategy = TextNasEnas(settings)
        self.module: ReinforceModule = strategy.configure_oneshot_module(LightningModule())
        self.module.set_model(strategy.mutate_model(model))
        self.optimizer = self.module.configure_architecture_optimizers()
        self.module.architecture_optimizers = lambda: self.optimizer
        self.module.manual_backward = lambda loss: loss.backward()
        self.logged: dict[str, float] = {}
        self.module.log = lambda name, value, **_: self.logged.update({name: float(value)})
        self.reward = reward

    def learn(self, updates: int) -> None:
        for _ in range(updates):
            draw = self.module.controller.draw()
            self.module._update_policy(draw, self.reward(draw.sample))

    def samples(self, count: int = 200) -> list[Sample]:
        return [self.module.resample() for _ in range(count)]


def share_of(op: str, sample: Sample) -> float:
    """Of the layers that have the op."""
    ops = [value for label, value in sample.items() if label.startswith("op_")]
    return ops.count(op) / len(ops)


def test_the_policy_learns_what_is_rewarded() -> None:
    quick = replace(PAPER, learning_rate=1e-2, skip_weight=0.0)
    search = Search(ArcChoices(3), quick, lambda sample: share_of("conv3", sample))
    before = np.mean([share_of("conv3", sample) for sample in search.samples()])
    assert abs(before - 1 / 8) < 0.05
    entropy = search.module.controller.draw().entropy.item()
    search.learn(250)
    after = np.mean([share_of("conv3", sample) for sample in search.samples()])
    # exp(2 * 1.5) times as likely as each of seven others is the most that the tanh lets through
    assert 0.45 < after < 0.75
    assert search.logged["entropy"] < entropy


@pytest.mark.slow
@pytest.mark.parametrize("target", [0.2, 0.7])
def test_the_penalty_pulls_the_skips_to_the_target(target: float) -> None:
    quick = replace(PAPER, learning_rate=1e-2, skip_target=target)
    search = Search(ArcChoices(4), quick, lambda sample: 0.5)
    search.learn(100)
    skips = [v for x in search.samples() for label, v in x.items() if label.startswith("skip_")]
    assert np.mean(skips) == pytest.approx(target, abs=0.05)


def test_the_baseline_starts_at_the_first_reward_and_follows_slowly() -> None:
    search = Search(ArcChoices(2), replace(SMALL, entropy_weight=0.01), None)
    module = search.module
    expected = math.nan
    for i, reward in enumerate((0.5, 1.0, 0.0)):
        draw = module.controller.draw()
        value = reward + 0.01 * draw.entropy.item()
        expected = value if i == 0 else 0.99 * expected + 0.01 * value
        loss = module._update_policy(draw, reward)
        penalty = SMALL.skip_weight * draw.skip_penalty.item()
        advantage = value - expected
        assert loss.item() == pytest.approx(
            penalty - draw.log_probability.item() * advantage, abs=1e-6
        )
        assert module.baseline.item() == pytest.approx(expected)
        assert search.logged["baseline"] == pytest.approx(expected)
        assert search.logged["skip_rate"] == draw.skip_rate
    assert "baseline" in module.state_dict()


def test_the_supernet_is_what_the_policy_drew() -> None:
    search = Search(ArcChoices(4), SMALL, None)
    for _ in range(5):
        sample = search.module.resample()
        assert search.module.model.to_sample(search.module.model.current()) == sample
        assert search.module.model.to_sample(
            search.module.model.from_sample(search.module.export())
        )


def test_another_space_is_refused_in_one_line() -> None:
    with pytest.raises(UserError) as refused:
        TextNasEnas().mutate_model(EnasCellModelSpace(3, 4, 4))
    expected = "textnas_enas searches model spaces of textnas, not EnasCellModelSpace"
    assert str(refused.value) == expected
