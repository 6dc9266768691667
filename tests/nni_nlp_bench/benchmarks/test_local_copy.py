"""A local copy in place of a download: the same check by git's blob id."""

from __future__ import annotations

from pathlib import Path

import pytest

from nni_nlp_bench.benchmarks.download import DownloadError, git_blob_id, place

CONTENT = b"published results"


@pytest.fixture
def blob_id(tmp_path: Path) -> str:
    file = tmp_path / "original"
    file.write_bytes(CONTENT)
    return git_blob_id(file)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "benchmark" / "logs.zip"


def test_blob_id_is_gits(tmp_path: Path) -> None:
    file = tmp_path / "empty"
    file.touch()
    assert git_blob_id(file) == "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
    file.write_bytes(b"hello\n")
    assert git_blob_id(file) == "ce013625030ba8dba906f756967f9e9ca394464a"


def test_a_local_copy_passes_the_same_check(target: Path, tmp_path: Path, blob_id: str) -> None:
    place(tmp_path / "original", target, blob_id)
    assert target.read_bytes() == CONTENT
    other = tmp_path / "other"
    other.write_bytes(CONTENT[1:])
    with pytest.raises(DownloadError, match="other is not the published file"):
        place(other, target, blob_id)
    assert target.read_bytes() == CONTENT


def test_a_local_copy_replaces_a_corrupt_file(target: Path, tmp_path: Path, blob_id: str) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(b"corrupt")
    place(tmp_path / "original", target, blob_id)
    assert target.read_bytes() == CONTENT


def test_a_local_copy_must_be_a_file(target: Path, tmp_path: Path, blob_id: str) -> None:
    with pytest.raises(DownloadError, match="missing: no such file"):
        place(tmp_path / "missing", target, blob_id)
    with pytest.raises(DownloadError, match="a folder, not a file"):
        place(tmp_path, target, blob_id)
    assert not target.exists()
