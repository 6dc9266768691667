"""Workflows and hooks call targets and tools that exist."""

from __future__ import annotations

import os
import re
import sys
from configparser import ConfigParser
from pathlib import Path
from typing import Any

import pytest
import yaml
from release_steps import build_steps

from nni_nlp_bench import __version__

ROOT = Path(__file__).parents[1]
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")


def jobs_of(workflow: Path) -> dict[str, dict[str, Any]]:
    jobs: dict[str, dict[str, Any]] = yaml.safe_load(workflow.read_text("utf-8"))["jobs"]
    return jobs


def commands(text: str, tool: str) -> set[str]:
    """Return the first word after the tool and its options, for every call of it."""
    return set(re.findall(rf"\b{tool}\b(?: [A-Z_]+=\S+| -\S+)* ([a-z][a-z-]*)", text))


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_a_workflow_runs_what_exists(workflow: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", MAKEFILE, re.MULTILINE))
    steps = [step for job in jobs_of(workflow).values() for step in job.get("steps", ())]
    runs = [step["run"] for step in steps if "run" in step]
    assert {target for run in runs for target in commands(run, "make")} <= targets
    for script in (run for run in runs if run.startswith(".")):
        assert os.access(ROOT / script, os.X_OK)


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=lambda file: file.stem)
def test_every_job_has_a_time_limit(workflow: Path) -> None:
    for name, job in jobs_of(workflow).items():
        assert "uses" in job or job["timeout-minutes"] <= 180, name


def test_ci_lints_and_tests_every_supported_python() -> None:
    jobs = jobs_of(ROOT / ".github/workflows/ci.yml")
    runs = {name: [step.get("run", "") for step in job["steps"]] for name, job in jobs.items()}
    assert {name: commands("\n".join(lines), "make") for name, lines in runs.items()} == {
        "lint": {"lint"},
        "test": {"test"},
        "docs": {"docs"},
    }
    setup = ConfigParser()
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    classifier = re.compile(r"Python :: (3\.\d+)$", re.MULTILINE)
    supported = classifier.findall(setup["metadata"]["classifiers"])
    assert jobs["test"]["strategy"]["matrix"]["python"] == supported
    assert setup["options"]["python_requires"] == f">={supported[0]}"


def test_only_a_release_may_publish() -> None:
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    events = release[True]  # YAML 1.1 reads the key `on` as a boolean
    assert events["push"] == {"tags": ["v*"]}
    assert set(events) == {"push", "workflow_dispatch"}
    jobs = release["jobs"]
    assert jobs["publish"]["if"] == "github.event_name == 'push'"
    for workflow in WORKFLOWS:
        writing = {
            name
            for name, job in jobs_of(workflow).items()
            if "write" in job.get("permissions", {}).values()
        }
        assert writing == ({"publish", "rehearse"} if workflow.stem == "release" else set())
        assert all(set(jobs[name]["needs"]) == {"checks", "build"} for name in writing)
        assert yaml.safe_load(workflow.read_text("utf-8"))["permissions"] == {"contents": "read"}


def test_a_rehearsal_reaches_the_index_for_tests_alone() -> None:
    release = yaml.safe_load((ROOT / ".github/workflows/release.yml").read_text("utf-8"))
    index = release[True]["workflow_dispatch"]["inputs"]["index"]
    assert (index["default"], set(index["options"])) == ("nowhere", {"nowhere", "testpypi"})
    job = release["jobs"]["rehearse"]
    assert job["if"] == "inputs.index == 'testpypi'"
    addresses = [step.get("with", {}).get("repository-url") for step in job["steps"]]
    assert addresses == [None, "https://test.pypi.org/legacy/"]


@pytest.mark.parametrize(("tag", "code"), [(f"v{__version__}", 0), ("v0.0.0", 1)])
def test_a_tag_of_another_version_ends_the_release(tag: str, code: int, tmp_path: Path) -> None:
    (step,) = (step for step in build_steps() if step.name == "Compare the tag with the version")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = step.run(ROOT, tmp_path, {"GITHUB_REF_NAME": tag, "PATH": path})
    assert done.returncode == code


def test_hooks_run_the_linters() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    hooks = {hook["id"]: hook["entry"] for repo in config["repos"] for hook in repo["hooks"]}
    lint = MAKEFILE.partition("\nlint:")[2].partition("\n\n")[0]
    tools = re.findall(r"\$\(BIN\)/(\S+(?: [a-z]+)?)", lint)
    assert sorted(
        re.findall(r"^\.venv/bin/(\S+(?: [a-z]+)?)", "\n".join(hooks.values()), re.M)
    ) == (sorted(tools))
