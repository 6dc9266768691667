"""Temporary folders of killed processes are removed, and those of live ones are not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from nni_nlp_bench.core.files import atomic_write
from nni_nlp_bench.core.scratch import remove_stale, scratch_folder

WRITER = """
import sys
from pathlib import Path
from nni_nlp_bench.core.scratch import scratch_folder
with scratch_folder(Path(sys.argv[1]), sys.argv[2]) as folder:
    (folder / "half").write_text("half")
    print(folder, flush=True)
    sys.stdin.read()
"""


def writer(parent: Path, name: str = "") -> tuple[subprocess.Popen[str], Path]:
    """Start a process that holds a scratch folder until its standard input ends."""
    command = [sys.executable, "-c", WRITER, str(parent), name]
    process = subprocess.Popen(command, stdin=-1, stdout=-1, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def kill(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def test_only_folders_of_killed_processes_are_removed(tmp_path: Path) -> None:
    live, live_folder = writer(tmp_path)
    killed, stale = writer(tmp_path)
    kill(killed)
    assert (stale / "half").exists()
    (tmp_path / ".unfinished-of the user").mkdir()
    with atomic_write(tmp_path / "file") as new:
        new.write_text("whole")
    assert not stale.exists()
    assert (live_folder / "half").read_text() == "half"
    assert (tmp_path / ".unfinished-of the user").is_dir()
    live.communicate()
    assert live.returncode == 0
    assert not live_folder.exists()


def test_folders_of_another_name_are_kept(tmp_path: Path) -> None:
    """Those of a table may hold the former table."""
    killed, stale = writer(tmp_path, "table")
    kill(killed)
    remove_stale(tmp_path)
    remove_stale(tmp_path, "tab")
    assert stale.exists()
    remove_stale(tmp_path, "table")
    assert not stale.exists()


def test_own_folders_do_not_remove_each_other(tmp_path: Path) -> None:
    with scratch_folder(tmp_path) as outer:
        with atomic_write(tmp_path / "file") as new:
            new.write_text("whole")
        assert outer.is_dir()
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_the_folder_goes_with_an_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), scratch_folder(tmp_path) as folder:
        (folder / "half").write_text("half")
        raise ZeroDivisionError
    assert list(tmp_path.iterdir()) == []
