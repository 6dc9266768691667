"""REINFORCE: rewards, the gradient of a step, the baseline, and what the policy learns."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from nni_nlp_bench.benchmarks.units import LossUnit
from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.strategies.algorithms.reinforce import MovingAverage, Reinforce, reward_of
from nni_nlp_bench.strategies.base import Proposal
from nni_nlp_bench.strategies.models.choice_policy import ChoicePolicy, PolicyTrainer, TokenBatch
from nni_nlp_bench.strategies.models.choice_samples import INACTIVE, ChoiceEncoder, Indices
from search_spaces.enas_cell.architecture import Cell
from search_spaces.enas_cell.space import EnasCellSpace
from search_spaces.encoder.space import EncoderSpace
from search_spaces.registry import get_space

SPACE = EnasCellSpace(nodes=3)
FAST = {"fit_samples": 40, "fit_epochs": 5}


def make(seed: int = 0, space: Any = SPACE, **options: Any) -> Reinforce:
    return Reinforce(space, np.random.default_rng(seed), 9, **{**FAST, **options})


def tanh_count(cell: Cell) -> int:
    return [node.activation for node in cell.nodes].count("tanh")


def samples(space: Any, count: int) -> tuple[ChoiceEncoder, Indices]:
    encoder = ChoiceEncoder(space.choices())
    drawn = encoder.sample(space, np.random.default_rng(1), count)
    return encoder, np.stack([row for _, row in drawn])


def test_rewards_by_hand() -> None:
    assert reward_of(-math.log(100), LossUnit.NATS) == pytest.approx(80 / 100**2)
    assert reward_of(-25.0, LossUnit.POINTS) == pytest.approx(0.75)
    assert reward_of(-0.2, LossUnit.ERRORS) == pytest.approx(0.8)
    assert reward_of(-1.5, LossUnit.ERRORS) == 0


@pytest.mark.parametrize("unit", LossUnit)
def test_a_failed_training_has_no_reward(unit: LossUnit) -> None:
    assert reward_of(None, unit) == reward_of(-unit.failure, unit) == 0


def test_the_baseline_starts_at_the_first_mean_and_follows_slowly() -> None:
    baseline = MovingAverage(decay=0.9)
    assert baseline.update(np.array([1.0, 3.0])) == 2.0
    assert baseline.update(np.array([12.0])) == 2.0
    assert baseline.update(np.array([0.0])) == pytest.approx(0.9 * 2 + 0.1 * 12)


def test_a_step_follows_the_policy_gradient() -> None:
    """The gradient of one choice's biases is (indicator - probability) times the advantage."""
    encoder, rows = samples(SPACE, 4)
    trainer = PolicyTrainer(encoder, seed=0, learning_rate=0.0)
    advantages = np.array([0.5, -0.25, 0.1, 0.0])
    policy = trainer.policy
    with torch.no_grad():
        hidden, _ = policy.lstm(policy.tokens.weight[-1:][None] + policy.choices.weight[:1][None])
        logits = hidden[0, 0] @ policy.weights[0].T + policy.biases[0]
    size = int(encoder.sizes[0])
    probabilities = logits[:size].double().softmax(0).numpy()
    taken = np.eye(size)[rows[:, 0]]
    trainer.reinforce(rows, advantages)
    gradient = policy.biases.grad
    assert gradient is not None
    expected = -(advantages[:, None] * (taken - probabilities)).mean(axis=0)
    np.testing.assert_allclose(gradient[0, :size].numpy(), expected, atol=1e-6)


def test_a_step_raises_the_likelihood_of_the_elites() -> None:
    encoder, rows = samples(SPACE, 6)
    trainer = PolicyTrainer(encoder, seed=0, learning_rate=0.01)

    def likelihoods() -> Any:
        with torch.no_grad():
            return trainer.policy.evaluate(TokenBatch.of(rows))[0].numpy()

    before = likelihoods()
    for _ in range(30):
        trainer.reinforce(rows[:4], np.zeros(4), elites=rows[4:])
    change = likelihoods() - before
    assert change[4:].min() > 1 and change[4:].min() > change[:4].max()


def test_the_entropy_of_uniform_choices_is_the_logarithm_of_their_values() -> None:
    encoder, rows = samples(SPACE, 4)
    policy = ChoicePolicy(encoder, torch.Generator().manual_seed(0))
    with torch.no_grad():
        policy.weights.zero_()
        policy.biases.zero_()
        log_probs, entropies = policy.evaluate(TokenBatch.of(rows))
    expected = np.full(4, np.log(encoder.sizes).sum())
    np.testing.assert_allclose(entropies.numpy(), expected, rtol=1e-5)
    np.testing.assert_allclose(log_probs.numpy(), -expected, rtol=1e-5)


def test_the_weight_of_the_entropy_keeps_it_high() -> None:
    encoder, rows = samples(SPACE, 4)
    found = []
    for weight in (0.0, 1.0):
        trainer = PolicyTrainer(encoder, seed=0, learning_rate=0.02)
        for _ in range(30):
            trainer.reinforce(rows[:1], np.ones(1), entropy_weight=weight)
        with torch.no_grad():
            found.append(trainer.policy.evaluate(TokenBatch.of(rows[:1]))[1].item())
    assert found[1] > found[0] + 1


def test_advantages_of_a_batch_by_hand() -> None:
    """Rewards .6 and .2 have a deviation of .2; the baseline of the first batch is .4."""
    strategy = make(batch=2)
    strategy.loss_unit = LossUnit.ERRORS
    asked = strategy.ask(), strategy.ask()
    seen = []
    trainer = strategy._trainer
    original = trainer.reinforce
    trainer.reinforce = lambda *args: (seen.append(args), original(*args))  # type: ignore
    for proposal, error in zip(asked, (0.4, 0.8), strict=True):
        assert proposal is not None
        strategy.tell(proposal, -error)
    strategy.ask()
    _, advantages, _, elites = seen[0]
    np.testing.assert_allclose(advantages, [1, -1])
    assert len(seen) == 4 and len(elites) == 2


def test_probabilities_sum_to_one() -> None:
    space = EnasCellSpace(nodes=2)
    encoder = ChoiceEncoder(space.choices())
    policy = ChoicePolicy(encoder, torch.Generator().manual_seed(3))
    grid = np.stack(np.meshgrid(*map(np.arange, encoder.sizes), indexing="ij"), -1)
    rows = grid.reshape(-1, len(encoder.sizes))
    total = policy.evaluate(TokenBatch.of(rows))[0].exp().sum()
    assert total.item() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("space", [get_space("rnn_cell"), EncoderSpace()])
def test_choices_that_a_sample_does_not_need_are_left_out(space: Any) -> None:
    encoder, rows = samples(space, 5)
    policy = ChoicePolicy(encoder, torch.Generator().manual_seed(0))
    drawn = policy.sample(20, np.random.default_rng(0))
    assert (drawn == INACTIVE).any() and (rows == INACTIVE).any()
    for row in drawn:
        again = encoder.decode(row)
        assert again.canonical_key == encoder.decode(np.where(row < 0, 0, row)).canonical_key


def test_the_fit_raises_the_likelihood_of_other_samples() -> None:
    encoder, rows = samples(get_space("rnn_cell"), 80)
    trainer = PolicyTrainer(encoder, seed=0, learning_rate=0.01)

    def likelihood() -> float:
        with torch.no_grad():
            return float(trainer.policy.evaluate(TokenBatch.of(rows[60:]))[0].mean())

    before = likelihood()
    trainer.fit(rows[:60], 30, np.random.default_rng(0))
    assert likelihood() > before + 5


def test_it_learns_a_planted_optimum() -> None:
    """Losses fall with the number of tanh nodes: the policy takes more and more of them."""
    space = EnasCellSpace(nodes=4)
    strategy = make(space=space, learning_rate=0.03)
    encoder = ChoiceEncoder(space.choices())
    tanh = [label.startswith("activation") for label in encoder.labels]
    position = encoder.values[tanh.index(True)].index("tanh")

    def share() -> float:
        rows = strategy._trainer.sample(100, np.random.default_rng(0))
        return float((rows[:, tanh] == position).mean())

    before = share()
    for _ in range(100):
        proposal = strategy.ask()
        assert proposal is not None
        strategy.tell(proposal, -5.0 + 0.3 * tanh_count(proposal.architecture))
    assert share() > before + 0.3


def test_nothing_is_evaluated_twice_and_a_batch_waits_for_its_scores() -> None:
    strategy = make(batch=4)
    seen = set()
    for _ in range(10):
        asked: list[Proposal] = []
        while (proposal := strategy.ask()) is not None:
            asked.append(proposal)
        assert asked
        for proposal in asked:
            seen.add(proposal.architecture.canonical_key)
            strategy.tell(proposal, -5.0)
    assert len(seen) > 20


def test_torchs_global_generator_makes_no_difference() -> None:
    keys = []
    for seed in (0, 1):
        torch.manual_seed(seed)
        before = torch.get_rng_state()
        proposal = make().ask()
        assert proposal is not None
        keys.append(proposal.architecture.canonical_key)
        assert torch.equal(before, torch.get_rng_state())
    assert keys[0] == keys[1]


def test_the_schedule_bounds_the_nodes() -> None:
    space = get_space("rnn_cell")
    strategy = make(space=space, batch=5, start_nodes=5, grow_every=10)
    sizes = []
    for _ in range(20):
        proposal = strategy.ask()
        assert proposal is not None
        sizes.append(len(proposal.architecture.nodes))
        strategy.tell(proposal, -5.0)
    assert max(sizes[:10]) <= 5 and max(sizes) <= 6


def test_a_space_without_nodes_has_no_schedule() -> None:
    with pytest.raises(UserError, match="leave start_nodes out"):
        make(space=EncoderSpace(), start_nodes=2)
