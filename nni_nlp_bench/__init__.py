"""Benchmarks, evaluators and strategies for neural architecture search on language."""

__version__ = "0.1.0"
