"""What is published: the metadata, the source distribution and the wheel."""

from __future__ import annotations

import os
import re
import runpy
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from collections.abc import Iterator
from email import message_from_string
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest
import yaml
from packaging.requirements import Requirement
from release_steps import build_steps

from nni_nlp_bench import __version__

pytest.importorskip("setuptools", reason="setup.py needs setuptools, which no core extra brings")

ROOT = Path(__file__).parents[1]
SETUP = runpy.run_path(str(ROOT / "setup.py"))
GENERATED = {"build", "dist", "runs"}
LINK = re.compile(r"\]\(([^)]+)\)")
FILES_OF_THE_TESTS = [
    "CHANGELOG.md",
    "CITATION.cff",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "constraints.txt",
    "constraints-frameworks.txt",
    "docs/architecture.md",
    "docs/data/encoder_scores.csv",
    "docs/images/regret.png",
    "experiments/compare_strategies.yml",
    "experiments/textnas_study.py",
    "nni_nlp_bench/benchmarks/surrogate/packaged/ptb-v1/model.npz",
    "reports/textnas_trec.md",
    "ruff.toml",
    "setup.cfg",
    "setup.py",
    "tests/conftest.py",
    "tests/nni_nlp_bench/frameworks/nni/conftest.py",
    "tests/performance/bench_search.py",
    "tests/search_spaces/textnas/reference_textnas.py",
]
QUICK_TESTS = [
    "tests/test_distribution.py",
    "tests/experiments/test_textnas_study.py",
    "tests/nni_nlp_bench/cli/experiment/test_examples.py",
    "tests/nni_nlp_bench/cli/test_common_options.py",
]


def test_links_on_the_index_page_are_absolute() -> None:
    description: str = SETUP["index_description"]()
    links = LINK.findall(description)
    assert len(links) == len(LINK.findall((ROOT / "README.md").read_text("utf-8"))) > 20
    assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_links_on_the_index_page_lead_to_files() -> None:
    own = re.compile(rf"https://[^)]+/(raw|blob)/v{re.escape(__version__)}/([^)#]+)")
    linked = {path: view for view, path in own.findall(SETUP["index_description"]())}
    assert len(linked) > 20
    assert [path for path in linked if not (ROOT / path).is_file()] == []
    assert {Path(path).suffix for path, view in linked.items() if view == "raw"} == {".png"}


def test_every_file_names_the_same_version() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))
    assert citation["version"] == __version__
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert re.findall(r"^## (\S+)", changelog, re.MULTILINE)[0] == __version__
    assert SETUP["package_version"]() == __version__


def test_this_version_meets_the_requirement_of_the_package_in_optunahub() -> None:
    file = ROOT / "experiments/optunahub_registry/package/benchmarks/nas_bench_nlp/requirements.txt"
    requirement = Requirement(file.read_text("utf-8").strip())
    assert (requirement.name, requirement.extras) == ("nni-nlp-bench", {"optunahub"})
    assert requirement.specifier.contains(__version__)
    assert not requirement.specifier.contains("0.1.0"), "it has no adapters to Optuna"


def copy_checkout(folder: Path) -> None:
    """Copy what is not generated."""
    for path in ROOT.iterdir():
        if path.name.startswith(".") or path.name in GENERATED or path.suffix == ".egg-info":
            continue
        if path.is_dir():
            shutil.copytree(path, folder / path.name, symlinks=True)
        else:
            shutil.copy2(path, folder)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the source distribution and the wheel that is built from it."""
    pytest.importorskip("build")
    folder, checkout = tmp_path_factory.mktemp("dist"), tmp_path_factory.mktemp("checkout")
    # A copy: the build writes into the checkout, where other tests read entry points.
    copy_checkout(checkout)
    # Without isolation: the build needs no package index.
    command = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, checkout]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(list(folder.iterdir())) == 2
    return folder


@pytest.fixture(scope="module")
def source(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The unpacked source distribution."""
    folder = tmp_path_factory.mktemp("source")
    with tarfile.open(built / f"nni_nlp_bench-{__version__}.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder / f"nni_nlp_bench-{__version__}"


@pytest.fixture(scope="module")
def wheel(built: Path) -> Iterator[ZipFile]:
    with ZipFile(built / f"nni_nlp_bench-{__version__}-py3-none-any.whl") as file:
        yield file


@pytest.fixture(scope="module")
def metadata(wheel: ZipFile) -> Message:
    file = f"nni_nlp_bench-{__version__}.dist-info/METADATA"
    return message_from_string(wheel.read(file).decode())


@pytest.mark.slow
class TestBuild:
    def test_the_index_accepts_both_files(self, built: Path) -> None:
        pytest.importorskip("twine")
        command = [sys.executable, "-m", "twine", "check", "--strict", *built.iterdir()]
        done = subprocess.run(command, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    def test_metadata(self, metadata: Message) -> None:
        assert metadata["Version"] == __version__
        assert metadata["License-Expression"] == "MIT"
        assert metadata["Author"]
        assert metadata["Keywords"]
        assert metadata["Description-Content-Type"] == "text/markdown"
        assert metadata.get_payload() == SETUP["index_description"]()
        names = {url.partition(",")[0] for url in metadata.get_all("Project-URL", [])}
        assert names >= {"Source", "Documentation", "Changelog", "Issues"}
        assert "Typing :: Typed" in metadata.get_all("Classifier", [])

    def test_the_wheel_holds_the_packages_and_their_data(self, wheel: ZipFile) -> None:
        names = {n for n in wheel.namelist() if ".dist-info/" not in n}
        assert {name.partition("/")[0] for name in names} == {"nni_nlp_bench", "search_spaces"}
        assert names == {
            str(file.relative_to(ROOT))
            for package in ("nni_nlp_bench", "search_spaces")
            for file in self.files_below(ROOT / package)
            if "examples" not in file.parts
            or (file.parent.name == "examples" and file.suffix == ".yml")
        }

    def test_the_source_distribution_holds_what_the_tests_need(self, source: Path) -> None:
        assert [name for name in FILES_OF_THE_TESTS if not (source / name).is_file()] == []
        for folder in ("docs", "experiments", "reports", "tests"):
            packed = {file.relative_to(source) for file in self.files_below(source / folder)}
            assert packed == {file.relative_to(ROOT) for file in self.files_below(ROOT / folder)}

    def test_nothing_in_the_source_distribution_is_large(self, source: Path) -> None:
        sizes = {str(f.relative_to(source)): f.stat().st_size for f in self.files_below(source)}
        assert {name for name, size in sizes.items() if size > 2e6} == set()
        assert sum(sizes.values()) < 15e6

    def test_tests_pass_in_the_source_distribution(self, source: Path) -> None:
        environment = os.environ | {"PYTHONPATH": str(source)}
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-m", "not slow"]
        done = subprocess.run(
            [*command, *QUICK_TESTS], cwd=source, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stdout + done.stderr
        location = "import nni_nlp_bench; print(nni_nlp_bench.__file__)"
        found = subprocess.check_output(
            [sys.executable, "-c", location], cwd=source, env=environment, text=True
        )
        assert Path(found.strip()).is_relative_to(source)

    def test_the_steps_of_the_release_use_the_wheel(self, built: Path, tmp_path: Path) -> None:
        """Without the package index: requirements are those of the running interpreter."""
        (step,) = (step for step in build_steps() if step.name.startswith("Use the wheel"))
        workspace, temporary = tmp_path / "workspace", tmp_path / "temporary"
        shutil.copytree(built, workspace / "dist")
        temporary.mkdir()
        variables = {
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PIP_NO_DEPS": "1",
            "PIP_NO_INDEX": "1",
            "PYTHONPATH": sysconfig.get_path("purelib"),
        }
        done = step.run(workspace, temporary, variables, capture_output=True)
        assert done.returncode == 0, done.stdout + done.stderr
        assert f"nni-nlp-bench {__version__}\n" in done.stdout
        written = {path.name for path in (temporary / "compare").iterdir()}
        assert written >= {"best.json", "curve.png", "summary.csv", "trials.csv"}
        examples = {path.name for path in (ROOT / "experiments").glob("*.yml")}
        assert {path.name for path in (temporary / "examples").iterdir()} == examples

    @staticmethod
    def files_below(folder: Path) -> list[Path]:
        """Every file but compiled ones."""
        files = [
            Path(at, name) for at, _, names in os.walk(folder, followlinks=True) for name in names
        ]
        return [file for file in files if file.suffix != ".pyc"]
