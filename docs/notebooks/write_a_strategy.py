# %% [markdown]
# # Write a strategy
#
# A strategy proposes an architecture in `ask` and is told its score in `tell`; higher is better.

# %%
import nni_nlp_bench as nb


class HillClimber(nb.Strategy):
    """Mutate the best architecture so far; restart after `patience` failures."""

    def __init__(self, *args, patience: int = 10) -> None:
        super().__init__(*args)
        self.patience = patience
        self.best, self.best_score, self.failures = None, float("-inf"), 0

    def ask(self) -> nb.Proposal:
        if self.best is None or self.failures >= self.patience:
            self.best_score, self.failures = float("-inf"), 0
            return nb.Proposal(self.space.sample(self.rng))
        return nb.Proposal(self.space.mutate(self.best, self.rng))

    def tell(self, proposal: nb.Proposal, score: float | None) -> None:
        if score is not None and score > self.best_score:
            self.best, self.best_score, self.failures = proposal.architecture, score, 0
        else:
            self.failures += 1


# %% [markdown]
# One search. The same seed gives the same search.

# %%
bench = nb.load("nas-bench-nlp/ptb-surrogate")
result = nb.search(bench, HillClimber, n_trials=30, seed=0)
print(result.best_loss, "nats per token,", result.best_trial.result.origin)

# %% [markdown]
# Its option `patience`, beside random search and the published local search:

# %%
strategies = ["random", "local_search", HillClimber, (HillClimber, {"patience": 3})]
comparison = nb.compare(bench, strategies, n_trials=30, seeds=2)
print(comparison)

# %% [markdown]
# The best architecture, as a value: it can be written as JSON, drawn, and trained.

# %%
best = result.best_architecture
print(best.canonical_key)
print(best.to_json()[:200])
