from __future__ import annotations


try:
    from nni_nlp_bench.frameworks.optuna import Problem
except ModuleNotFoundError as error:
    raise ModuleNotFoundError(
        "Please run `pip install 'nni-nlp-bench[optunahub]'` to use `nas_bench_nlp`."
    ) from error


__all__ = ["Problem"]
