"""Benchmarks, evaluators and strategies for neural architecture search on language."""
