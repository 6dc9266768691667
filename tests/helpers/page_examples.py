"""Pages whose Python and console blocks run as they stand."""

PAGES_THAT_RUN = (
    "README.md",
    "docs/api.md",
    "docs/data.md",
    "docs/explanation/clock.md",
    "docs/how_to/import_results.md",
    "docs/how_to/upgrade.md",
    "docs/lts.md",
    "docs/mini.md",
    "docs/models.md",
    "docs/nas_bench_asr.md",
    "docs/nni.md",
    "docs/objectives.md",
    "docs/optuna.md",
    "docs/start/tour.md",
    "docs/surrogate.md",
    "docs/textnas.md",
    "docs/tutorials/benchmark_your_strategy.md",
    "docs/tutorials/nni_web_ui.md",
)
