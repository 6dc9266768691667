"""Folders that NNI copies to other machines for the trials."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from nni_nlp_bench.frameworks.nni.serving.addresses import training_services

IGNORE_FILE = ".nniignore"
"""File in the folder with patterns of files that are not copied, as in .gitignore."""
MAX_FILES = 2_000
MAX_BYTES = 300 * 2**20
"""Limits of NNI, at which counting stops."""


def describe_uploads(config: Any) -> Iterator[str]:
    """Yield a line per training service that copies `trialCodeDirectory` to other machines.

    Args:
        config: ExperimentConfig of NNI.
    """
    for service in training_services(config.canonical_copy()):
        if service.platform != "local":
            folder = Path(service.trial_code_directory)
            excluded = (
                f"without the files that its {IGNORE_FILE} excludes"
                if (folder / IGNORE_FILE).exists()
                else f"list files to exclude in {folder / IGNORE_FILE}"
            )
            yield f"{folder} ({_size(folder)}) is copied to {_target(service)}; {excluded}"


def _target(service: Any) -> str:
    if service.platform == "remote":
        return ", ".join(f"{machine.user}@{machine.host}" for machine in service.machine_list)
    return f"the machines of {service.platform}"


def _size(folder: Path) -> str:
    """Return number and size of all files, also of those that are excluded."""
    from rich.filesize import decimal

    count = size = 0
    for parent, _, names in os.walk(folder):
        for name in names:
            count, size = count + 1, size + Path(parent, name).lstat().st_size
            if count > MAX_FILES:
                return f"more than {MAX_FILES} files"
            if size > MAX_BYTES:
                return f"more than {decimal(MAX_BYTES)}"
    return f"{count} files, {decimal(size)}"
