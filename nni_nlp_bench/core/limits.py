"""Largest sizes that are accepted, checked before any work; all are far above useful ones."""

from __future__ import annotations

MAX_COUNT = 1_000_000
"""Evaluations, epochs, steps, batch sizes, sampled architectures."""
MAX_SEED = 2**53
"""Every JSON reader and random generator can represent seeds up to it."""
MAX_SEEDS = 10_000
"""Searches per strategy."""
MAX_PROCESSES = 1_024
MAX_WIDTH = 65_536
"""A square matrix of this width has 17 GB in float32."""
MAX_PARAMETERS = 10**12
"""Parameters of one network."""
MAX_LAYERS = 1_000
"""Layers, cells and nodes of one network."""
