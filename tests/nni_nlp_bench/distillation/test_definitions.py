"""Losses by their publications' formulas, written out."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from scipy.optimize import linprog
from torch import nn

from nni_nlp_bench.distillation.losses.base import Shape, StudentOutputs, TeacherOutputs
from nni_nlp_bench.distillation.losses.bert_emd import BertEmd
from nni_nlp_bench.distillation.losses.costs import mean_squared_costs
from nni_nlp_bench.distillation.losses.emd import AttentionEmd, HiddenEmd
from nni_nlp_bench.distillation.losses.layer_transport import LayerTransport
from nni_nlp_bench.distillation.losses.mapping import middle, uniform_layer_mapping
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.distillation.losses.relations import relations_of

Array = NDArray[np.float64]
SHAPE = Shape(student_layers=3, student_width=6, teacher_layers=5, teacher_width=4)
# The first steps on the batches of seeds 0, 1 and 2, as `Reference` has them.
GOLDEN = {
    "emd": (0.036275819554367116, 0.046825791843421866, 0.03720523684674948),
    "emd_hidden": (1.7917081186487922, 1.908890969567348, 1.6088470641984978),
}


def value(name: str, batch: Any) -> float:
    return float(batch.loss(LOSSES.get(name)(SHAPE).double()).item())


def sentences(layer: torch.Tensor, mask: torch.Tensor) -> list[Array]:
    """Each sentence's words (words, width) of a layer."""
    return [rows[words].numpy() for rows, words in zip(layer.detach(), mask, strict=True)]


def mapped(batch: Any) -> list[tuple[list[Array], list[Array]]]:
    """Sentences of each student layer, and those of the teacher's layer that it is mapped to."""
    pairs = zip(batch.student.hidden, (1, 3, 4), strict=True)
    return [
        (sentences(ours, batch.mask), sentences(batch.teacher.hidden[j], batch.mask))
        for ours, j in pairs
    ]


def unit(values: Array, axis: int = -1) -> Array:
    return values / np.linalg.norm(values, axis=axis, keepdims=True)


def relation(words: Array) -> Array:
    scores = np.exp(words @ words.T / math.sqrt(words.shape[1]))
    return scores / scores.sum(1, keepdims=True)


def mean_squared(ours: list[Array], theirs: list[Array]) -> float:
    errors = [((a - b) ** 2).ravel() for a, b in zip(ours, theirs, strict=True)]
    return float(np.concatenate(errors).mean())


class Reference:
    """The EMD of a few layers and its update, in plain NumPy."""

    def __init__(self, n: int, m: int) -> None:
        self.ours, self.theirs = np.full(n, 1 / n), np.full(m, 1 / m)

    def step(self, ours: list[list[Array]], theirs: list[list[Array]]) -> float:
        n, m = len(ours), len(theirs)
        costs = np.array([[mean_squared(a, b) for b in theirs] for a in ours])
        sums = np.vstack([np.kron(np.eye(n), np.ones(m)), np.kron(np.ones(n), np.eye(m))])
        marginals = np.concatenate([self.ours, self.theirs])
        solved = linprog(costs.ravel() / costs.max(), A_eq=sums, b_eq=marginals)
        paid = solved.x.reshape(n, m) * costs
        self.ours = self._weights(paid.sum(1) / self.ours)
        self.theirs = self._weights(paid.sum(0) / self.theirs)
        return float(paid.sum())

    @staticmethod
    def _weights(costs: Array) -> Array:
        weights = costs.sum() / costs
        return np.asarray(weights / weights.sum())


@pytest.mark.parametrize("name", ["emd", "emd_hidden"])
def test_first_steps_of_the_emd(name: str, draw: Any) -> None:
    torch.manual_seed(0)
    loss, reference = LOSSES.get(name)(SHAPE).double(), Reference(3, 5)
    if isinstance(loss, HiddenEmd):
        with torch.no_grad():
            loss.projection.weight.copy_(torch.arange(24).reshape(4, 6) % 5 / 4 - 0.5)
            loss.projection.bias.copy_(torch.arange(4) / 4)
    for seed, golden in enumerate(GOLDEN[name]):
        batch = draw(SHAPE, seed)
        ours = [sentences(layer, batch.mask) for layer in batch.student.hidden]
        theirs = [sentences(layer, batch.mask) for layer in batch.teacher.hidden]
        if isinstance(loss, HiddenEmd):
            weight, bias = (p.detach().numpy() for p in loss.projection.parameters())
            ours = [[words @ weight.T + bias for words in layer] for layer in ours]
        else:
            ours, theirs = ([list(map(relation, s)) for s in side] for side in (ours, theirs))
        wanted = reference.step(ours, theirs)
        assert wanted == pytest.approx(golden, rel=1e-9)
        assert batch.loss(loss).item() == pytest.approx(wanted, rel=1e-9)
        loss.after_step()
        transport = loss.transport
        assert isinstance(transport, LayerTransport)
        assert transport.student_weights.numpy() == pytest.approx(reference.ours, rel=1e-9)
        assert transport.teacher_weights.numpy() == pytest.approx(reference.theirs, rel=1e-9)


def test_relations_are_those_of_words_alone(draw: Any) -> None:
    batch = draw(SHAPE)
    found = relations_of(batch.teacher.hidden, batch.mask)
    assert found.shape == (5, 3, 5, 5)
    for layer, hidden in zip(found, batch.teacher.hidden, strict=True):
        for i, words in enumerate(sentences(hidden, batch.mask)):
            length = len(words)
            assert layer[i, :length, :length].numpy() == pytest.approx(relation(words))
            assert not layer[i, length:].any()
            assert not layer[i, :, length:].any()


def test_relations_of_words_that_are_nan_are_nan(draw: Any) -> None:
    batch = draw(SHAPE)
    hidden = batch.teacher.hidden.clone()
    hidden[0, 0, 0, 0] = torch.nan
    assert relations_of(hidden, batch.mask)[0, 0, 0].isnan().any()


def test_costs_are_mean_squared_errors_even_where_layers_have_much_in_common() -> None:
    generator = torch.Generator().manual_seed(0)
    common = torch.rand(8, 30, 30, generator=generator)
    ours = common + 1e-3 * torch.rand(4, 8, 30, 30, generator=generator)
    theirs = common + 1e-3 * torch.rand(3, 8, 30, 30, generator=generator)
    costs = mean_squared_costs(ours.flatten(1), theirs.flatten(1))
    wanted = (ours.double()[:, None] - theirs.double()).square().mean((2, 3, 4))
    assert costs.double().numpy() == pytest.approx(wanted.numpy(), rel=1e-4)


@pytest.mark.parametrize(
    ("layers", "teacher_layers", "mapped_to"),
    [
        (4, 12, [2, 5, 8, 11]),
        (4, 6, [1, 2, 4, 5]),
        (3, 3, [0, 1, 2]),
        (1, 6, [5]),
        (4, 2, [0, 0, 1, 1]),
    ],
)
def test_layers_are_mapped_evenly(layers: int, teacher_layers: int, mapped_to: list[int]) -> None:
    assert uniform_layer_mapping(layers, teacher_layers) == mapped_to


def test_the_middle_of_an_even_number_is_the_lower() -> None:
    assert [middle(n) for n in (1, 2, 3, 4, 12)] == [0, 0, 1, 1, 5]


def test_skip_mapping(draw: Any) -> None:
    batch = draw(SHAPE)
    layers = [[list(map(relation, side)) for side in pair] for pair in mapped(batch)]
    assert value("skip_mapping", batch) == pytest.approx(sum(mean_squared(*p) for p in layers))


def test_soft_labels(draw: Any) -> None:
    batch, temperature = draw(SHAPE), 4
    sides = (batch.student.logits, batch.teacher.logits)
    ours, theirs = (np.exp(side.detach().numpy() / temperature) for side in sides)
    p, q = theirs / theirs.sum(1, keepdims=True), ours / ours.sum(1, keepdims=True)
    wanted = temperature**2 * (p * np.log(p / q)).sum(1).mean()
    assert value("soft_labels", batch) == pytest.approx(wanted)


def test_hint(draw: Any) -> None:
    batch, loss = draw(SHAPE), LOSSES.get("hint")(SHAPE).double()
    projection = loss.projection
    assert isinstance(projection, nn.Linear)
    weight, bias = (p.detach().numpy() for p in projection.parameters())
    ours = [s @ weight.T + bias for s in sentences(batch.student.hidden[1], batch.mask)]
    theirs = sentences(batch.teacher.hidden[2], batch.mask)
    assert batch.loss(loss).item() == pytest.approx(mean_squared(ours, theirs))


def test_attention_transfer(draw: Any) -> None:
    batch = draw(SHAPE)
    wanted = 0.0
    for ours, theirs in mapped(batch):
        maps = [[unit((s**2).sum(1)) for s in side] for side in (ours, theirs)]
        wanted += np.mean([((a - b) ** 2).sum() for a, b in zip(*maps, strict=True)])
    assert value("attention_transfer", batch) == pytest.approx(wanted)


def test_similarity(draw: Any) -> None:
    batch = draw(SHAPE, lengths=(4, 4, 4, 4))
    wanted = 0.0
    for layers in mapped(batch):
        flat = [np.array([s.ravel() for s in side]) for side in layers]
        ours, theirs = (unit(values @ values.T) for values in flat)
        wanted += ((ours - theirs) ** 2).sum() / 4**2
    assert value("similarity", batch) == pytest.approx(wanted)


def test_neuron_selectivity_by_its_kernel(draw: Any) -> None:
    batch = draw(SHAPE)

    def kernel(a: Array, b: Array) -> float:
        return float(((a.T @ b) ** 2).mean())

    wanted = 0.0
    for layers in mapped(batch):
        ours, theirs = ([unit(s, axis=0) for s in side] for side in layers)
        wanted += np.mean(
            [
                kernel(a, a) + kernel(b, b) - 2 * kernel(a, b)
                for a, b in zip(ours, theirs, strict=True)
            ]
        )
    assert value("nst", batch) == pytest.approx(wanted)


@pytest.mark.parametrize("separate", [False, True])
def test_bert_emd_is_the_sum_of_its_parts(separate: bool, draw: Any) -> None:
    loss = BertEmd(SHAPE, 0.5, 3.0, 0.25, temperature=2.0, separate=separate).double()
    attention, hidden = AttentionEmd(SHAPE).double(), HiddenEmd(SHAPE).double()
    hidden.load_state_dict(loss.hidden.state_dict())
    labels = LOSSES.get("soft_labels")(SHAPE)
    batch = draw(SHAPE)
    parts = batch.loss(attention) + batch.loss(hidden)
    wanted = 0.5 * 3 * parts.item()
    half = StudentOutputs(batch.student.hidden, batch.student.logits * 2)
    warm = labels(half, TeacherOutputs(logits=batch.teacher.logits * 2), batch.mask)
    assert batch.loss(loss).item() == pytest.approx(wanted + 0.25 * warm.item() / 4)

    for module in (loss, attention, hidden):
        module.after_step()
    sides = [m.transport.student_weights for m in (attention, hidden)]
    mean = (sides[0] + sides[1]) / 2
    wanted_sides = sides if separate else [mean, mean]
    for part, weights in zip((loss.attention, loss.hidden), wanted_sides, strict=True):
        assert torch.allclose(part.transport.student_weights, weights)


def test_the_registry_describes_the_classes() -> None:
    for name, loss in LOSSES.items():
        first = " ".join((loss.__doc__ or "").partition("\n\n")[0].split())
        assert LOSSES.describe(name) == first
