"""The release of LiteTransformerSearch, read without the importer."""

from __future__ import annotations

import tarfile
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml


class Row(NamedTuple):
    """One network of the release."""

    set: str
    name: str
    text: str
    """Its `model_config.yaml`."""
    counts: tuple[int, ...]
    """AdaEmb, Attn, FFN, nonembedding and total."""

    @property
    def config(self) -> dict[str, Any]:
        """Its configuration."""
        config: dict[str, Any] = yaml.load(self.text, yaml.CSafeLoader)
        return config


def read_rows(archive: Path) -> list[Row]:
    """All networks of the archive that have a configuration."""
    texts: dict[str, dict[str, str]] = {}
    with tarfile.open(archive) as tar:
        for member in tar:
            path = PurePosixPath(member.name)
            if path.suffix == ".yaml" and (file := tar.extractfile(member)):
                name = path.name if len(path.parts) == 2 else "_".join(path.parts[1:-1])
                texts.setdefault(path.parts[0], {})[name] = file.read().decode()
    rows = []
    for set_name, of_set in sorted(texts.items()):
        table = yaml.load(of_set["params_summary.yaml"], yaml.CSafeLoader)
        for name, fields in table.items():
            counts = (fields[c] for c in ("AdaEmb", "Attn", "FFN", "nonembedding", "total"))
            rows.append(Row(set_name, name, of_set[name], tuple(map(int, counts))))
    return rows
