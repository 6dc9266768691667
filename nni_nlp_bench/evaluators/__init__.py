"""Evaluation of architectures: by a benchmark, training, or a zero-cost score."""
