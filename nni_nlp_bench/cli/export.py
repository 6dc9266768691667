"""`export`: write a trained model for other runtimes."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from nni_nlp_bench.cli import options
from nni_nlp_bench.cli.output import echo, print_json


def export(
    model: options.Model,
    format: Annotated[
        Literal["onnx", "torch-export", "safetensors"],
        typer.Option(help="ONNX, a program of torch.export, or a copy of the model folder."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            parser=options.output_folder, metavar="PATH", help="Output folder: new or empty."
        ),
    ],
    json: options.Json = False,
) -> None:
    """Export a trained model, and compare the exported one with it.

    The folder gets the network, what turns texts into its inputs, export.json and a README.md with
    code that uses it without this package.
    """
    from nni_nlp_bench.models.export.writing import export_model

    found = export_model(model, format, out)
    if json:
        print_json({**asdict(found), "folder": str(found.folder)})
        return
    echo(f"{found.folder}: {', '.join(found.files)}")
    echo(f"largest difference from the model: {found.difference:.2g}")
