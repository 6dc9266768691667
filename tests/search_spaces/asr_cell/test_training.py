"""Networks learn to recognise sounds that the tests make: tones, one per phoneme."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor

from search_spaces.asr_cell import AsrCell
from search_spaces.asr_cell.ctc import ctc_loss, error_rate, greedy_decode
from search_spaces.asr_cell.network import AsrNetwork, Sizes

RATE, HOP, WINDOW = 8_000, 80, 200
"""Samples per second, between frames (10 ms), and in a frame."""
FEATURES = 16
TONES = (300.0, 700.0, 1_200.0, 2_000.0)
"""Pitch of each phoneme in Hz."""
Sentence = tuple[Tensor, list[int]]


def mel_filters() -> NDArray[np.float64]:
    """Triangles (features, frequencies) at equal distances on the mel scale."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / RATE)
    top = 2595 * np.log10(1 + RATE / 2 / 700)
    points = 700 * (10 ** (np.linspace(0, top, FEATURES + 2) / 2595) - 1)
    lower, centre, upper = points[:-2, None], points[1:-1, None], points[2:, None]
    rising = (frequencies - lower) / (centre - lower)
    falling = (upper - frequencies) / (upper - centre)
    return np.clip(np.minimum(rising, falling), 0, None)


def log_mel(sound: NDArray[np.float64]) -> NDArray[np.float64]:
    """Log-mel features (frames, features) of samples."""
    frames = np.lib.stride_tricks.sliding_window_view(sound, WINDOW)[::HOP]
    power = abs(np.fft.rfft(frames * np.hanning(WINDOW))) ** 2
    return np.log(power @ mel_filters().T + 1e-3)


def speak(phonemes: list[int], rng: np.random.Generator) -> NDArray[np.float64]:
    """Samples of tones of random lengths, pitches and volumes, in noise."""
    parts = []
    for phoneme in phonemes:
        seconds = np.arange(int(rng.uniform(0.1, 0.16) * RATE)) / RATE
        pitch = TONES[phoneme - 1] * rng.uniform(0.93, 1.07)
        parts.append(rng.uniform(0.5, 1) * np.sin(2 * np.pi * pitch * seconds))
    sound = np.concatenate(parts)
    return sound + 0.1 * rng.normal(size=len(sound))


def sentences(count: int, seed: int) -> list[Sentence]:
    rng = np.random.default_rng(seed)
    spoken = []
    for _ in range(count):
        phonemes = rng.integers(1, len(TONES) + 1, size=int(rng.integers(1, 5))).tolist()
        spoken.append((torch.tensor(log_mel(speak(phonemes, rng))).float(), phonemes))
    return spoken


def batch_of(chosen: list[Sentence]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Features, numbers of frames, targets and numbers of phonemes."""
    features = torch.nn.utils.rnn.pad_sequence([f for f, _ in chosen], batch_first=True)
    targets = torch.nn.utils.rnn.pad_sequence(
        [torch.tensor(t) for _, t in chosen], batch_first=True
    )
    frames = torch.tensor([len(f) for f, _ in chosen])
    return features, frames, targets, torch.tensor([len(t) for _, t in chosen])


def per(network: AsrNetwork, of: list[Sentence]) -> float:
    features, lengths, _, _ = batch_of(of)
    with torch.no_grad():
        logits = network.eval()(features, lengths)
    found = greedy_decode(logits, network.output_lengths(lengths))
    return error_rate(found, [phonemes for _, phonemes in of])


@pytest.mark.slow
def test_a_network_learns_to_recognise_tones() -> None:
    """By CTC alone: no frame has a label. A network that says nothing has a PER of 1."""
    torch.manual_seed(0)
    sizes = Sizes(FEATURES, groups=2, hidden_size=16, classes=len(TONES) + 1, dropout=0.0)
    network = AsrNetwork(AsrCell.from_list("[[3,0],[1,1,0],[0,0,0,1]]"), sizes)
    train, test = sentences(256, seed=0), sentences(64, seed=1)
    assert per(network, test) > 0.7
    optimizer = torch.optim.Adam(network.parameters(), lr=5e-3)
    rng = np.random.default_rng(0)
    for _ in range(100):
        chosen = [train[i] for i in rng.choice(len(train), 16, replace=False)]
        features, lengths, targets, counts = batch_of(chosen)
        logits = network.train()(features, lengths)
        loss = ctc_loss(logits, network.output_lengths(lengths), targets, counts)
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 5)
        optimizer.step()
    assert per(network, test) < 0.25
