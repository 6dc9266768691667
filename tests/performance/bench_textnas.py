"""The shared network of TextNAS: memory of a search, time of its step, and what fast paths bring.

One thread: `python tests/performance/bench_textnas.py`. Sides that are compared take turns, and
the fastest of their passes count.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from nni_nlp_bench.data.sentences.labelled_set import LabelledSet, Sentence
from nni_nlp_bench.training.classification.batches import PADDING, Batch, Encoded
from nni_nlp_bench.training.classification.words import EmbeddedDataset
from nni_nlp_bench.training.memory import disable_malloc_trim
from search_spaces.textnas import moves
from search_spaces.textnas.architecture import LAYERS, OPS, WINDOW
from search_spaces.textnas.network import Sizes, TextNas
from search_spaces.textnas.ops import BidirectionalGru, SelfAttention

LENGTH, BATCH, VECTORS = 32, 128, 300
SEARCH = Sizes(VECTORS, width=32)
"""The authors' search."""
PATHS, PASSES = 8, 5
STEP_LIMIT, MEMORY_LIMIT_GB = 1.2, 4
Step = Callable[[], Tensor]


def fastest(steps: Sequence[Step], passes: int = PASSES) -> list[float]:
    """Seconds of the fastest forward and backward pass of each side."""
    best = [float("inf")] * len(steps)
    for _ in range(passes):
        for i, step in enumerate(steps):
            started = time.perf_counter()
            step().sum().backward()  # type: ignore[no-untyped-call]
            best[i] = min(best[i], time.perf_counter() - started)
    return best


def words_of_labels(count: int, seed: int) -> list[Sentence]:
    """Sentences as long as the phrases and sentences of reviews are: 1 to 50 words."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(1, 51, count)
    return [
        Sentence(tuple(f"w{word}" for word in rng.integers(0, 2_000, length)), i % 2)
        for i, length in enumerate(lengths)
    ]


def synthetic(count: int) -> EmbeddedDataset:
    """Sentences with drawn vectors."""
    parts = {part: words_of_labels(count, seed) for seed, part in enumerate(("train", "dev"))}
    return EmbeddedDataset.of(
        LabelledSet.of("synthetic", ("a", "b"), {**parts, "test": parts["dev"][:1]})
    )


def search(strategy: str) -> None:
    """Some steps of a search at the authors' size; prints the process's largest memory in GB."""
    from nni_nlp_bench.core.nni_import import import_nni_quietly

    import_nni_quietly()
    from nni_nlp_bench.one_shot.search import search_one_shot
    from nni_nlp_bench.one_shot.sentences.settings import TextNasSettings
    from nni_nlp_bench.one_shot.sentences.task import SentenceTask

    disable_malloc_trim()
    settings = TextNasSettings(epochs=1, rewards_per_epoch=2, candidates=1)
    search_one_shot(SentenceTask(synthetic(2 * BATCH), settings), strategy, 0)
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20)


def memory() -> None:
    """(a) Each in a process of its own."""
    for strategy in ("textnas_enas", "darts"):
        command = [sys.executable, "-W", "ignore", __file__, strategy]
        found = subprocess.run(command, check=True, capture_output=True, text=True)
        peak = float(found.stdout.split()[-1])
        print(f"a search by {strategy}: {peak:.2f} GB at most (limit {MEMORY_LIMIT_GB} GB)")


def supernet() -> None:
    """(b) The sampled path in the shared network against each path as a network of its own."""
    from nni.nas.strategy import ENAS

    from search_spaces.textnas.model_space import TextNasModelSpace

    space: Any = ENAS().mutate_model(TextNasModelSpace(vectors=VECTORS))
    rng = np.random.default_rng(0)
    arcs = [moves.sample(rng, LAYERS, WINDOW, OPS, 0.4) for _ in range(PATHS)]
    vectors, mask = torch.randn(BATCH, LENGTH, VECTORS), torch.ones(BATCH, LENGTH).bool()

    def sampled(arc: Any) -> Step:
        sample = space.to_sample(arc)

        def step() -> Tensor:
            for module in samplers:
                module.resample(memo=dict(sample))
            logits: Tensor = space(vectors, mask)
            return logits

        return step

    samplers = [part for layer in space.layers for part in (layer.edges, layer.op)]
    shared, single = [], []
    for arc in arcs:
        net = TextNas(arc, SEARCH)
        ours, alone = fastest([sampled(arc), lambda net=net: net(vectors, mask)])  # type: ignore[misc]
        shared.append(ours)
        single.append(alone)
    each = ", ".join(f"{s / a:.2f}" for s, a in zip(shared, single, strict=True))
    ratio = max(shared) / max(single)
    print(
        f"a step of the shared network: {1_000 * max(shared):.0f} ms, {ratio:.2f} times its", end=""
    )
    print(f" slowest path alone (limit {STEP_LIMIT}); path by path {each}")


def attention_written_out(op: SelfAttention, values: Tensor, padding: Tensor) -> Tensor:
    """The same in single operations."""
    rows = values.transpose(1, 2)
    query, key, value = (
        functional.relu(part(rows)).view(*rows.shape[:2], 4, -1).transpose(1, 2)
        for part in (op.query, op.key, op.value)
    )
    scores = query @ key.transpose(2, 3) / query.shape[-1] ** 0.5
    shares = scores.masked_fill(padding[:, None], -torch.inf).softmax(-1)
    joined = (functional.dropout(shares, op.dropout) @ value).transpose(1, 2).flatten(2)
    normed: Tensor = op.norm(joined.transpose(1, 2).masked_fill(padding, 0), padding)
    return normed


def gru_unpacked(op: BidirectionalGru, values: Tensor, padding: Tensor) -> Tensor:
    """The GRU over padding as well: another result in its direction backwards, the same work."""
    forwards, backwards = op.gru(values.transpose(1, 2))[0].chunk(2, dim=-1)
    return op.dropout(forwards + backwards).transpose(1, 2)  # type: ignore[no-any-return]


def over(batches: Sequence[Batch], op: nn.Module, width: int, apply: Any) -> Step:
    """An op over all batches of sentences."""
    values = [torch.randn(len(b.labels), width, b.words.shape[1]).requires_grad_() for b in batches]

    def step() -> Tensor:
        total = torch.zeros(())
        for batch, of in zip(batches, values, strict=True):
            total = total + apply(op, of, ~batch.mask[:, None]).sum()
        return total

    return step


def parts() -> None:
    """(c) What fused attention, packed GRUs and batches of like length bring."""
    encoded = Encoded.of(synthetic(20 * BATCH).data.train, synthetic(20 * BATCH).vocabulary, LENGTH)
    rng = np.random.default_rng(0)
    like = encoded.shuffled(BATCH, rng)
    order = rng.permutation(len(encoded))
    mixed = [encoded._batch(order[i : i + BATCH], "train") for i in range(0, len(order), BATCH)]
    kinds = {"of like length": like, "mixed": mixed}
    for name, batches in kinds.items():
        padding = np.mean([(b.words == PADDING).float().mean() for b in batches])
        print(f"batches {name}: {100 * padding:.1f} % padding")
    for width in (32, 256):
        print(f"width {width}:", end=" ")
        attention = SelfAttention(width, dropout=0.2, strict=False)
        gru = BidirectionalGru(width, dropout=0.2)
        some = {name: batches[:4] for name, batches in kinds.items()}
        fused = over(mixed[:4], attention, width, lambda op, *x: op(*x))
        written = over(mixed[:4], attention, width, attention_written_out)
        a, b = fastest([written, fused])
        print(f"fused attention is {a / b:.2f} times as fast as written out; a packed GRU", end=" ")
        for name, batches in some.items():
            packed = over(batches, gru, width, lambda op, *x: op(*x))
            a, b = fastest([over(batches, gru, width, gru_unpacked), packed], 3)
            print(f"{a / b:.2f} times as fast as one over padding (batches {name})", end="; ")
        print()
    net = TextNas(moves.sample(rng, LAYERS, WINDOW, OPS, 0.4), SEARCH)

    def all_of(batches: Sequence[Batch]) -> Step:
        vectors = [torch.randn(*batch.words.shape, VECTORS) for batch in batches]
        return lambda: torch.stack(
            [net(x, b.mask).sum() for x, b in zip(vectors, batches, strict=True)]
        )

    a, b = fastest([all_of(mixed), all_of(like)], 2)
    print(f"an epoch in batches of like length is {a / b:.2f} times as fast as in mixed ones")


def main() -> None:
    """Print the figures."""
    torch.set_num_threads(1)
    if len(sys.argv) > 1:
        search(sys.argv[1])
        return
    memory()
    disable_malloc_trim()
    torch.manual_seed(0)
    supernet()
    parts()


if __name__ == "__main__":
    main()
