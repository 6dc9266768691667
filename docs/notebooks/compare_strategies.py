# %% [markdown]
# # Compare strategies on a table
#
# Strategies search the measured table `mini`: 1,000 recurrent cells with learning curves, part of
# the package. Nothing is trained or downloaded.

# %%
import nni_nlp_bench as nb

bench = nb.load("mini")
print(len(bench.architectures()), "cells;", bench.unit, "; lowest loss:", bench.lowest_loss)

# %% [markdown]
# The learning curve of one cell, in nats per token:

# %%
lstm = bench.space.parse("lstm")
print([round(loss, 2) for loss in bench.curve(lstm).val_loss])

# %% [markdown]
# `hyperband` asks for short trainings, so every search may spend the simulated hours of 20 full
# trainings, with the same seeds.

# %%
comparison = nb.compare(
    bench, ["random", "regularized_evolution", "hyperband"], n_trials=20, seeds=4
)
print(comparison.title)
print(comparison)

# %% [markdown]
# The regret against evaluations and simulated hours, and a report with statistical tests:

# %%
comparison.plot("curve.png")
comparison.report("report.html")
comparison.save("runs/mini")
