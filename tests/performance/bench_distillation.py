"""Transport plans by POT against pyemd, and what the EMD adds to a step of a student's training.

One thread: `python tests/performance/bench_distillation.py`. Sides that are compared take turns,
and the fastest of their passes count, in the processor's time.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import numpy as np
import ot
import pyemd
import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.distillation.emd import AttentionEmd
from nni_nlp_bench.distillation.knowledge import Shape, Student, Teacher
from nni_nlp_bench.distillation.relations import relations_of
from nni_nlp_bench.distillation.transport import transport_plan
from nni_nlp_bench.training.memory import keep_freed_memory

BATCH, LENGTH, VECTORS, WIDTH, LAYERS, CLASSES = 32, 64, 300, 256, 4, 2
TEACHERS = {"MiniLM-L6": (6, 384), "BERT-base": (12, 768)}
"""Layers and width."""
PLANS_LEAST, SHARE_LIMIT_PERCENT = 2, 5
Step = Callable[[], object]


class Cell(nn.Module):
    """An average cell of KD-NAS-EMD: of its six edges, three separable convolutions compute."""

    def __init__(self, before: int, width: int) -> None:
        super().__init__()
        self.entries = nn.ModuleList(nn.Conv1d(w, WIDTH, 1, bias=False) for w in (before, width))
        self.nodes = nn.ModuleList(
            nn.Sequential(_convolution(size), _convolution(size)) for size in (3, 5, 7)
        )
        self.residual = nn.Conv1d(WIDTH, 3 * WIDTH, 1)
        self.norm = nn.LayerNorm(3 * WIDTH)

    def forward(self, before: Tensor, values: Tensor) -> Tensor:
        """Outputs (batch, width, length) of the two cells before to (batch, 768, length)."""
        first, second = self.entries[0](before), self.entries[1](values)
        nodes = [
            node(entry) for node, entry in zip(self.nodes, (first, second, first), strict=True)
        ]
        joined = torch.cat(nodes, 1) + self.residual(second)
        normed: Tensor = self.norm(joined.transpose(1, 2))
        return normed.transpose(1, 2).contiguous()


def _convolution(size: int) -> nn.Module:
    return nn.Sequential(
        nn.ReLU(),
        nn.Conv1d(WIDTH, WIDTH, size, padding=size // 2, groups=WIDTH, bias=False),
        nn.Conv1d(WIDTH, WIDTH, 1, bias=False),
        nn.BatchNorm1d(WIDTH),
    )


class Cells(nn.Module):
    """A student of the size of KD-NAS-EMD's retrained networks."""

    def __init__(self) -> None:
        super().__init__()
        widths = [VECTORS, VECTORS, *[3 * WIDTH] * (LAYERS - 1)]
        self.cells = nn.ModuleList(map(Cell, widths[:-1], widths[1:]))
        self.classes = nn.Linear(3 * WIDTH, CLASSES)

    def forward(self, vectors: Tensor) -> Student:
        """What it makes of word vectors (batch, length, vectors)."""
        outputs = [vectors.transpose(1, 2)] * 2
        for cell in self.cells:
            outputs.append(cell(*outputs[-2:]))
        hidden = [output.transpose(1, 2) for output in outputs[2:]]
        return Student(hidden, self.classes(hidden[-1].mean(1)))


def student() -> nn.Module:
    """The network whose training is the measure."""
    return Cells()


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
            lambda a=ours, b=theirs, c=costs: ot.emd(a, b, c),
            lambda t=tensors: transport_plan(*t),
            lambda a=supply, b=demand, c=distances: pyemd.emd_with_flow(a, b, c),
        ]
        solver, plan, peer = fastest(steps, 500)
        print(
            f"plans {n} x {m}: ot.emd {peer / solver:.1f} times as fast as pyemd (at least "
            f"{PLANS_LEAST}), transport_plan {peer / plan:.1f} times; {solver * 1e6:.0f} us"
        )


def print_share(name: str, layers: int, width: int) -> None:
    """What the EMD, forward and backward to the student's layers, adds to a step."""
    generator = torch.Generator().manual_seed(0)
    vectors = torch.randn(BATCH, LENGTH, VECTORS, generator=generator)
    lengths = torch.randint(LENGTH // 4, LENGTH + 1, (BATCH, 1), generator=generator)
    mask = torch.arange(LENGTH) < lengths
    targets = torch.randint(CLASSES, (BATCH,), generator=generator)
    hidden = torch.randn(layers, BATCH, LENGTH, width, generator=generator) / 2
    teacher = Teacher(relations=relations_of(hidden, mask))

    network = student()
    first: Student = network(vectors)
    loss = AttentionEmd(Shape(len(first.hidden), first.hidden[0].shape[-1], layers, width))
    leaves = [layer.detach().requires_grad_() for layer in first.hidden]
    alone = Student(leaves, first.logits.detach())

    optimizer = torch.optim.SGD(network.parameters(), 0.025, momentum=0.9, weight_decay=3e-4)

    def train() -> None:
        optimizer.zero_grad()
        functional.cross_entropy(network(vectors).logits, targets).backward()
        nn.utils.clip_grad_norm_(network.parameters(), 5)
        optimizer.step()

    def distill() -> None:
        loss(alone, teacher, mask).backward()
        loss.after_step()

    step, emd = fastest([train, distill], 8)
    print(
        f"EMD with {name} ({layers} layers): {100 * emd / step:.1f} % of a step "
        f"(at most {SHARE_LIMIT_PERCENT} %), {emd * 1e3:.0f} ms of {step * 1e3:.0f} ms"
    )


def main() -> None:
    """Print the ratios."""
    torch.set_num_threads(1)
    keep_freed_memory()
    torch.manual_seed(0)
    print_plans()
    for name, (layers, width) in TEACHERS.items():
        print_share(name, layers, width)


if __name__ == "__main__":
    main()
