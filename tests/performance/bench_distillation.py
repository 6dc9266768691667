"""Transport plans by POT against pyemd; what the EMD adds to a student's step, and a cache saves.

One thread: `python tests/performance/bench_distillation.py`. Sides that are compared take turns,
and the fastest of their passes count, in the processor's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace

import numpy as np
import ot
import pyemd
import torch
from torch import Tensor, nn
from torch.nn import functional
from transformers import BertConfig, BertModel

from nni_nlp_bench.distillation.distilled import student_outputs
from nni_nlp_bench.distillation.features import cached_features
from nni_nlp_bench.distillation.losses.base import Shape, StudentOutputs, TeacherOutputs
from nni_nlp_bench.distillation.losses.emd import AttentionEmd
from nni_nlp_bench.distillation.losses.relations import relations_of
from nni_nlp_bench.distillation.losses.transport import transport_plan
from nni_nlp_bench.distillation.teacher import TeacherModel
from nni_nlp_bench.training.classification.batches import Batch
from nni_nlp_bench.training.memory import disable_malloc_trim
from search_spaces.emd_cell.network import EmdCellNetwork
from search_spaces.emd_cell.sizes import Sizes
from search_spaces.registry import get_space

BATCH, LENGTH, VECTORS, WIDTH, LAYERS, CLASSES = 32, 64, 384, 256, 4, 2
TEACHERS = {"MiniLM-L6": (6, 384), "BERT-base": (12, 768)}
"""Layers and width."""
PLANS_LEAST, SHARE_LIMIT_PERCENT, CACHED_LEAST = 2, 5, 5
Step = Callable[[], object]


def student(width: int) -> EmdCellNetwork:
    """The published example of a cell, three of whose six edges compute: an average one."""
    return EmdCellNetwork(get_space("emd_cell").parse("example"), Sizes(VECTORS, width, CLASSES))


def fastest(steps: Sequence[Step], passes: int) -> list[float]:
    """Seconds of the processor in the fastest pass of each side."""
    best = [float("inf")] * len(steps)
    for _ in range(passes):
        for i, step in enumerate(steps):
            started = time.process_time()
            step()
            best[i] = min(best[i], time.process_time() - started)
    return best


def print_plans() -> None:
    """POT's solver, and all of `transport_plan`, against pyemd's flow."""
    rng = np.random.default_rng(0)
    for n, m in ((LAYERS, layers) for layers, _ in TEACHERS.values()):
        costs, ours, theirs = rng.random((n, m)), np.full(n, 1 / n), np.full(m, 1 / m)
        distances = np.block([[np.zeros((n, n)), costs], [costs.T, np.zeros((m, m))]])
        supply = np.concatenate([ours, np.zeros(m)])
        demand = np.concatenate([np.zeros(n), theirs])
        tensors = [torch.from_numpy(side) for side in (ours, theirs, costs)]
        steps: list[Step] = [
            partial(ot.emd, ours, theirs, costs),
            partial(transport_plan, *tensors),
            partial(pyemd.emd_with_flow, supply, demand, distances),
        ]
        solver, plan, peer = fastest(steps, 500)
        print(
            f"plans {n} x {m}: ot.emd {peer / solver:.1f} times as fast as pyemd (at least "
            f"{PLANS_LEAST}), transport_plan {peer / plan:.1f} times; {solver * 1e6:.0f} us"
        )


@dataclass(frozen=True)
class Work:
    """One batch, its student, and a step of its training without a teacher."""

    network: EmdCellNetwork
    vectors: Tensor
    mask: Tensor
    targets: Tensor
    optimizer: torch.optim.Optimizer

    @classmethod
    def of(cls, width: int) -> Work:
        generator = torch.Generator().manual_seed(0)
        vectors = torch.randn(BATCH, LENGTH, VECTORS, generator=generator)
        lengths = torch.randint(LENGTH // 4, LENGTH + 1, (BATCH, 1), generator=generator)
        targets = torch.randint(CLASSES, (BATCH,), generator=generator)
        network = student(width)
        optimizer = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)
        return cls(network, vectors, torch.arange(LENGTH) < lengths, targets, optimizer)

    def step(self, learned: Callable[[StudentOutputs], Tensor] | None = None) -> None:
        """One step, with what is learned of a teacher beside the labels."""
        self.optimizer.zero_grad()
        made = student_outputs(self.network, self.vectors, self.mask)
        loss = functional.cross_entropy(made.logits, self.targets)
        if learned is not None:
            loss = loss + learned(made)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self.network.parameters(), 5)
        self.optimizer.step()


def print_share(name: str, layers: int, width: int) -> None:
    """What the EMD, forward and backward to the student's layers, adds to a step."""
    work = Work.of(WIDTH)
    hidden = torch.randn(layers, BATCH, LENGTH, width) / 2
    teacher = TeacherOutputs(relations=relations_of(hidden, work.mask))
    first = student_outputs(work.network, work.vectors, work.mask)
    loss = AttentionEmd(Shape(len(first.hidden), first.hidden[0].shape[-1], layers, width))
    leaves = [layer.detach().requires_grad_() for layer in first.hidden]
    alone = StudentOutputs(leaves, first.logits.detach())

    def distill() -> None:
        loss(alone, teacher, work.mask).backward()
        loss.after_step()

    step, emd = fastest([work.step, distill], 6)
    print(
        f"EMD with {name} ({layers} layers): {100 * emd / step:.1f} % of a step "
        f"(at most {SHARE_LIMIT_PERCENT} %), {emd * 1e3:.0f} ms of {step * 1e3:.0f} ms"
    )


def print_cached(name: str, layers: int, hidden: int, width: int) -> None:
    """Steps with features from a file against steps with the teacher inside the loop."""
    work = Work.of(width)
    config = BertConfig(
        num_hidden_layers=layers,
        hidden_size=hidden,
        num_attention_heads=12,
        intermediate_size=4 * hidden,
    )
    model = BertModel(config).eval()
    teacher = TeacherModel(name, model, SimpleNamespace(sep_token_id=102))
    ids = torch.randint(1, 30_000, work.mask.shape) * work.mask
    lengths = work.mask.sum(1).tolist()
    sentences = [row[:length].numpy() for row, length in zip(ids, lengths, strict=True)]
    batch = Batch(ids, work.targets, torch.arange(BATCH))
    with TemporaryDirectory() as folder:
        features = cached_features(teacher, sentences, ["relations"], Path(folder))
        made = student_outputs(work.network, work.vectors, work.mask)
        shape = Shape(len(made.hidden), made.hidden[0].shape[-1], layers, hidden)
        loss = AttentionEmd(shape)

        def inside(made: StudentOutputs) -> Tensor:
            with torch.inference_mode():
                relations = relations_of(teacher.outputs(ids, work.mask)[0], work.mask)
            given: Tensor = loss(made, TeacherOutputs(relations=relations.clone()), work.mask)
            return given

        def cached(made: StudentOutputs) -> Tensor:
            given: Tensor = loss(made, features.outputs(batch), work.mask)
            return given

        slow, quick = fastest([lambda: work.step(inside), lambda: work.step(cached)], 4)
    print(
        f"cached features of {name}, student {width} wide: {slow / quick:.1f} times the steps of "
        f"a teacher inside the loop (at least {CACHED_LEAST}), {quick * 1e3:.0f} ms a step"
    )


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    disable_malloc_trim()
    torch.manual_seed(0)
    print_plans()
    for name, (layers, width) in TEACHERS.items():
        print_share(name, layers, width)
    for name, width in (("MiniLM-L6", 32), ("BERT-base", WIDTH)):
        print_cached(name, *TEACHERS[name], width)


if __name__ == "__main__":
    main()
