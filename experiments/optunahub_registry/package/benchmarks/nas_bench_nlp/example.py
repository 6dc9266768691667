from __future__ import annotations

import optuna
import optunahub


nas_bench_nlp = optunahub.load_module("benchmarks/nas_bench_nlp")
problem = nas_bench_nlp.Problem("nas-bench-nlp/ptb-surrogate")
sampler = optuna.samplers.RandomSampler(seed=0)
study = optuna.create_study(directions=problem.directions, sampler=sampler)
study.optimize(problem, n_trials=10)
print(study.best_value, study.best_trial.user_attrs["origin"])
print(problem.architecture(study.best_params))

# Learning curves: a pruner stops trainings, and the simulated time shows what that saves.
curves = nas_bench_nlp.Problem("mini")
pruner = optuna.pruners.SuccessiveHalvingPruner()
study = optuna.create_study(directions=curves.directions, sampler=sampler, pruner=pruner)
study.optimize(curves, n_trials=30)
print(study.best_value, sum(curves.runtime(trial) for trial in study.trials))
