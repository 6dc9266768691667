"""Contract of every distillation loss."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.distillation.losses.base import (
    DistillationLoss,
    Shape,
    StudentOutputs,
    TeacherOutputs,
)
from nni_nlp_bench.distillation.losses.registry import LOSSES
from nni_nlp_bench.distillation.losses.relations import relations_of

SHAPE = Shape(student_layers=3, student_width=6, teacher_layers=5, teacher_width=4)
ALIKE = Shape(student_layers=3, student_width=4, teacher_layers=3, teacher_width=4)
every_loss = pytest.mark.parametrize("name", list(LOSSES))


def make(name: str, shape: Shape = SHAPE) -> DistillationLoss:
    torch.manual_seed(1)
    return LOSSES.get(name)(shape).double()


def gradients(loss: DistillationLoss, batch: Any) -> list[Tensor]:
    found = torch.autograd.grad(batch.loss(loss), batch.leaves(), materialize_grads=True)
    return list(found)


def padded(batch: Any, by: int, content: float) -> Any:
    """The batch `by` words longer, with this at all padding."""
    mask = functional.pad(batch.mask, (0, by))
    pairs = mask[:, :, None] & mask[:, None, :]

    def longer(values: Tensor) -> Tensor:
        values = functional.pad(values.detach(), (0, 0, 0, by))
        return values.masked_fill(~mask[..., None], content)

    hidden = [longer(layer).requires_grad_() for layer in batch.student.hidden]
    relations = functional.pad(batch.teacher.relations, (0, by, 0, by))
    teacher = TeacherOutputs(
        longer(batch.teacher.hidden),
        relations.masked_fill(~pairs, content),
        batch.teacher.logits,
    )
    return type(batch)(StudentOutputs(hidden, batch.student.logits), teacher, mask)


@every_loss
@pytest.mark.parametrize("content", [0.0, 7.5, -1e30, float("inf"), float("nan")])
@pytest.mark.parametrize("by", [0, 1, 9])
def test_padding_never_counts(name: str, content: float, by: int, draw: Any) -> None:
    batch, loss = draw(SHAPE), make(name)
    other = padded(batch, by, content)
    assert other.loss(loss).item() == pytest.approx(batch.loss(loss).item(), rel=1e-6)
    longer = gradients(loss, other)
    for found, wanted in zip(longer[:-1], gradients(loss, batch)[:-1], strict=True):
        assert torch.allclose(found[:, : wanted.shape[1]][batch.mask], wanted[batch.mask])
        assert not found[~other.mask].any()


@every_loss
def test_parameters_learn_nothing_from_padding(name: str, draw: Any) -> None:
    loss = make(name)
    padded(draw(SHAPE), 3, float("nan")).loss(loss).backward()
    assert all(p.grad is not None and p.grad.isfinite().all() for p in loss.parameters())


@every_loss
def test_a_sentence_without_words_leaves_gradients_finite(name: str, draw: Any) -> None:
    for lengths in ((4, 0), (0, 0, 3)):
        batch = draw(SHAPE, lengths=lengths)
        assert batch.loss(make(name)).isfinite()
        assert all(gradient.isfinite().all() for gradient in gradients(make(name), batch))


@every_loss
def test_is_a_positive_number_that_repeats(name: str, draw: Any) -> None:
    batch = draw(SHAPE)
    first, again = batch.loss(make(name)), batch.loss(make(name))
    assert first.shape == ()
    assert first.item() == again.item() > 0
    assert LOSSES.get(name).needs


@every_loss
def test_gradients_are_those_of_differences(name: str, draw: Any) -> None:
    batch, loss = draw(SHAPE, lengths=(3, 1)), make(name)

    def value(*leaves: Tensor) -> Tensor:
        return batch.with_leaves(list(leaves)).loss(loss)

    assert torch.autograd.gradcheck(value, batch.leaves(), atol=1e-7)


@every_loss
def test_a_student_that_follows_the_gradient_comes_closer(name: str, draw: Any) -> None:
    batch, loss = draw(SHAPE), make(name)
    optimizer = torch.optim.Adam([*batch.leaves(), *loss.parameters()], lr=0.02)
    first = batch.loss(loss).item()
    for _ in range(60):
        optimizer.zero_grad()
        batch.loss(loss).backward()
        optimizer.step()
        loss.after_step()
    assert batch.loss(loss).item() < 0.9 * first


@every_loss
def test_a_student_like_its_teacher_has_nothing_to_learn(name: str, draw: Any) -> None:
    batch, loss = draw(ALIKE), make(name, ALIKE)
    for module in loss.modules():
        if isinstance(module, nn.Linear):
            nn.init.eye_(module.weight)
            nn.init.zeros_(module.bias)
    leaves = [layer.clone().requires_grad_() for layer in batch.teacher.hidden]
    leaves.append(batch.teacher.logits.clone().requires_grad_())
    same = batch.with_leaves(leaves)
    for _ in range(3):
        assert same.loss(loss).item() == pytest.approx(0, abs=1e-12)
        assert all(gradient.abs().max() < 1e-8 for gradient in gradients(loss, same))
        loss.after_step()
    assert all(buffer.isfinite().all() for buffer in loss.buffers())


@every_loss
def test_looks_at_nothing_that_it_does_not_ask_for(name: str, draw: Any) -> None:
    batch, loss = draw(SHAPE), make(name)
    asked = {kind: getattr(batch.teacher, kind) for kind in loss.needs}
    alone = replace(batch, teacher=TeacherOutputs(**asked))
    assert alone.loss(loss).item() == batch.loss(loss).item()
    for kind in loss.needs:
        lacking = replace(batch, teacher=replace(batch.teacher, **{kind: None}))
        with pytest.raises(UserError, match=f"{kind} are missing"):
            lacking.loss(loss)


@every_loss
def test_takes_layers_as_networks_give_them(name: str, draw: Any) -> None:
    """Networks give (batch, width, length): the transposed view is not contiguous."""
    batch, loss = draw(SHAPE), make(name)
    views = [
        layer.detach().transpose(1, 2).contiguous().transpose(1, 2).requires_grad_()
        for layer in batch.student.hidden
    ]
    other = batch.with_leaves([*views, batch.student.logits])
    assert other.loss(loss).item() == pytest.approx(batch.loss(loss).item(), rel=1e-12)


@every_loss
def test_single_precision_comes_close(name: str, draw: Any) -> None:
    batch, loss = draw(SHAPE), make(name)
    wanted = batch.loss(loss).item()
    student = StudentOutputs(
        [x.float() for x in batch.student.hidden], batch.student.logits.float()
    )
    hidden = batch.teacher.hidden.float()
    teacher = TeacherOutputs(hidden, relations_of(hidden, batch.mask), batch.teacher.logits.float())
    found = loss.float()(student, teacher, batch.mask)
    assert found.dtype == torch.float32
    assert found.item() == pytest.approx(wanted, rel=1e-4)
