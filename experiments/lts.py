"""What the tables of LiteTransformerSearch say: sizes against perplexity, and the surrogate.

    nni-nlp-bench benchmark import saved_logs.tar.gz --format lts --out tables/lts
    python experiments/lts.py tables/lts --plot lts.png --cross-validate

Taus are Kendall's, of fewer parameters or layers with a higher validation perplexity.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pandas as pd
import typer
from experiment_tables import markdown
from numpy.typing import NDArray
from scipy.stats import kendalltau

from nni_nlp_bench.benchmarks.surrogate.fit import cross_validate
from nni_nlp_bench.benchmarks.table import Table
from nni_nlp_bench.core.errors import UserError
from search_spaces.plotting import blank_figure, save_plot

Values = NDArray[np.float64]
NON_EMBEDDING = "non_embedding_parameters"
MILLIONS, PERPLEXITIES = (0.5, 1, 2, 5, 10, 20, 40, 80), (25, 35, 50, 70, 100)
"""Ticks of the plot."""
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9")


def main(
    folder: Annotated[Path, typer.Argument(help="Folder of tables, as `import` makes it.")],
    plot: Annotated[Path | None, typer.Option(help="Picture to write.")] = None,
    cross_validate: Annotated[
        bool, typer.Option("--cross-validate", help="Evaluate the surrogate too: a minute.")
    ] = False,
) -> None:
    """Print Markdown tables of figures, one row a table."""
    tables = load_tables(folder)
    print(markdown(pd.DataFrame([sizes(table) for table in tables.values()])))
    if cross_validate:
        print()
        print(markdown(pd.DataFrame([surrogate(table) for table in tables.values()])))
    if plot is not None:
        draw({name: table for name, table in tables.items() if not _is_measured(table)}, plot)


def load_tables(folder: Path) -> dict[str, Table]:
    """Return the tables in a folder by name. Raises UserError if there are none."""
    paths = sorted(path.parent for path in folder.glob("*/metadata.json"))
    if not paths:
        raise UserError(f"{folder} holds no tables: import the sets of LiteTransformerSearch")
    tables = {path.name: Table.load(path) for path in paths}
    return dict(sorted(tables.items(), key=lambda item: (_is_measured(item[1]), item[0])))


def sizes(table: Table) -> dict[str, Any]:
    """Return how sizes rank the decoders of a table."""
    quality = perplexities(table)
    decoders = table.architectures()
    of_sizes = {
        "tau, outside the embedding": [table.known_metric(NON_EMBEDDING, a) for a in decoders],
        "tau, all parameters": [table.parameters(a) for a in decoders],
        "tau, layers": [len(a.layers) for a in decoders],
    }
    taus = {
        name: f"{-kendalltau(values, quality).statistic:.3f}" for name, values in of_sizes.items()
    }
    total = of_sizes["tau, all parameters"]
    return {
        "table": f"`{table.name}`",
        "decoders": len(decoders),
        "perplexity": f"{quality.min():.2f} to {quality.max():.2f}",
        **taus,
        "on the front": int(on_front(quality, np.array(total)).sum()),
    }


def surrogate(table: Table) -> dict[str, Any]:
    """Return five-fold cross-validated figures of a table's surrogate."""
    decoders = table.architectures()
    losses = np.array([table.query(a).val_loss for a in decoders])
    figures = cross_validate(decoders, losses, (), workers=1, space=table.space_name).overall
    return {
        "table": f"`{table.name}`",
        "tau": f"{figures.kendall:.3f}",
        "error (RMSE, nats)": f"{figures.rmse:.3f}",
        "spread of losses": f"{losses.std():.3f}",
        "in the 90 % interval": f"{100 * figures.coverage:.0f} %",
    }


def perplexities(table: Table) -> Values:
    """Return the validation perplexities, in the order of the decoders."""
    losses = np.array([table.query(a).val_loss for a in table.architectures()], dtype=np.float64)
    return np.asarray(np.exp(losses))


def on_front(first: Values, second: Values) -> NDArray[np.bool_]:
    """Return which points no other one dominates; lower is better in both."""
    worse = (first[:, None] >= first) & (second[:, None] >= second)
    strictly = (first[:, None] > first) | (second[:, None] > second)
    return np.asarray(~(worse & strictly).any(axis=1))


def draw(tables: dict[str, Table], path: Path) -> None:
    """Plot perplexity against the parameters outside the embedding and against all of them."""
    figure = blank_figure(10, 4.4)
    left, right = figure.subplots(1, 2, sharey=True)
    for (name, table), colour in zip(tables.items(), COLOURS, strict=False):
        quality, decoders = perplexities(table), table.architectures()
        inner = [table.known_metric(NON_EMBEDDING, a) / 1e6 for a in decoders]
        total = [table.parameters(a) / 1e6 for a in decoders]
        for axes, values in ((left, inner), (right, total)):
            axes.scatter(values, quality, s=9, color=colour, alpha=0.7, lw=0, label=name)
    for axes, label in ((left, "outside the embedding"), (right, "in all")):
        axes.set_xscale("log")
        axes.set_yscale("log")
        axes.set_xlabel(f"parameters {label}, millions")
        low, high = axes.get_xlim()
        ticks = [tick for tick in MILLIONS if low <= tick <= high]
        axes.set_xticks(ticks, map(str, ticks))
        axes.set_yticks(PERPLEXITIES, map(str, PERPLEXITIES))
        axes.minorticks_off()
        axes.grid(alpha=0.3)
    left.set_ylabel("validation perplexity, lower is better")
    left.legend(frameon=False, markerscale=2)
    save_plot(figure, path)


def _is_measured(table: Table) -> bool:
    return "latency" in table.objectives


if __name__ == "__main__":
    typer.run(main)
