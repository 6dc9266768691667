"""The commands of release.yml's job `build`: run as a script, all of them on a copy of HEAD.

python tests/helpers/release_steps.py runs them one after another, as for the tag of this version,
in an empty environment, and leaves both files in `dist`. The package index must be reachable, or
`PIP_FIND_LINKS` name a folder; `PIP_CONSTRAINT` chooses versions.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from nni_nlp_bench import __version__

ROOT = Path(__file__).parents[2]
WORKFLOW = ROOT / ".github/workflows/release.yml"


@dataclass(frozen=True)
class Step:
    """A step that runs commands."""

    name: str
    commands: str
    in_temporary_folder: bool

    def run(
        self, workspace: Path, temporary: Path, variables: Mapping[str, str], **options: Any
    ) -> subprocess.CompletedProcess[str]:
        """Run the commands as GitHub does on Linux, with `variables` in the environment."""
        own = {"GITHUB_WORKSPACE": str(workspace), "RUNNER_TEMP": str(temporary)}
        return subprocess.run(
            ["bash", "-e", "-c", self.commands],
            cwd=temporary if self.in_temporary_folder else workspace,
            env={**os.environ, **own, **variables},
            text=True,
            **options,
        )


def build_steps() -> Iterator[Step]:
    """Yield the steps of the job `build` that run commands, in order."""
    for step in yaml.safe_load(WORKFLOW.read_text("utf-8"))["jobs"]["build"]["steps"]:
        if "run" in step:
            folder = step.get("working-directory")
            assert folder in (None, "${{ runner.temp }}")
            yield Step(step.get("name", step["run"]), step["run"], folder is not None)


def main() -> int:
    """Run all steps until one fails. Returns its exit code."""
    with TemporaryDirectory() as folder:
        workspace, temporary, python = (Path(folder) / name for name in ("code", "temp", "python"))
        subprocess.run(["git", "clone", "--quiet", str(ROOT), str(workspace)], check=True)
        temporary.mkdir()
        venv.create(python, with_pip=True)
        path = f"{python / 'bin'}{os.pathsep}{os.environ['PATH']}"
        for step in build_steps():
            print(f"== {step.name}", flush=True)
            variables = {"PATH": path, "GITHUB_REF_NAME": f"v{__version__}", "PYTHONPATH": ""}
            code = step.run(workspace, temporary, variables).returncode
            if code:
                return code
        shutil.copytree(workspace / "dist", ROOT / "dist", dirs_exist_ok=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
