from ._nas_bench_nlp import Problem


__all__ = ["Problem"]
