"""Downloads from a real server that fails in every way servers do."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from unreliable_server import (
    CONTENT,
    Handler,
    Server,
    another_range,
    ignoring_range,
    redirect,
    stalled,
    status,
    truncated,
    whole,
    without_length,
    wrong,
)

from nni_nlp_bench.benchmarks.download import (
    DownloadError,
    Patience,
    download,
    git_blob_id,
)

PATIENCE = Patience(attempts=3, connect_s=60, stall_s=60, first_wait_s=0.01, redirects=3)
"""Few attempts, and so long for each that a busy machine changes nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.stopped.set()
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def blob_id(tmp_path: Path) -> str:
    file = tmp_path / "original"
    file.write_bytes(CONTENT)
    return git_blob_id(file)


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "benchmark" / "logs.zip"


@pytest.fixture
def fetch(
    server: Server, target: Path, blob_id: str, rng: np.random.Generator
) -> Callable[[], None]:
    return lambda: download(server.url, target, blob_id, rng=rng, patience=PATIENCE)


def part(target: Path) -> Path:
    return target.with_name(target.name + ".part")


def leave_part(target: Path, content: bytes) -> None:
    target.parent.mkdir(parents=True)
    part(target).write_bytes(content)


def assert_done(target: Path) -> None:
    assert target.read_bytes() == CONTENT
    assert not part(target).exists()


def assert_nothing(target: Path) -> None:
    assert {path.name for path in target.parent.iterdir()} == {"logs.zip.lock"}


def test_plain_download_reports_its_progress(
    server: Server, target: Path, blob_id: str, rng: np.random.Generator
) -> None:
    seen: list[tuple[int, int | None]] = []
    download(server.url, target, blob_id, rng=rng, progress=lambda *at: seen.append(at))
    assert_done(target)
    assert seen == sorted(seen)
    assert seen[-1] == (len(CONTENT), len(CONTENT))


def test_an_existing_file_is_not_downloaded(
    server: Server, target: Path, fetch: Callable[[], None]
) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(CONTENT)
    fetch()
    assert server.ranges == []


@pytest.mark.parametrize("damage", [b"", CONTENT[:-1], CONTENT[:-1] + b"?", CONTENT + b"?"])
def test_an_existing_corrupt_file_is_replaced(
    target: Path, fetch: Callable[[], None], damage: bytes
) -> None:
    target.parent.mkdir(parents=True)
    target.write_bytes(damage)
    fetch()
    assert_done(target)


def test_truncated_answers_are_resumed_where_they_ended(
    server: Server, target: Path, fetch: Callable[[], None]
) -> None:
    server.behaviours = [truncated, whole]
    fetch()
    assert_done(target)
    assert server.ranges == [None, "bytes=100000-"]


def test_always_truncated_ends_in_an_error_and_keeps_what_came(
    server: Server, target: Path, fetch: Callable[[], None]
) -> None:
    server.behaviours = [truncated]
    with pytest.raises(DownloadError, match=r"failed 3 times.*--file"):
        fetch()
    assert not target.exists()
    assert part(target).read_bytes() == CONTENT[:100_000]
    server.behaviours = [whole]
    fetch()
    assert_done(target)


def test_a_stalled_server_is_left_and_asked_again(
    server: Server, target: Path, blob_id: str, rng: np.random.Generator
) -> None:
    """A pause of a busy machine may also count as a stall: there are many attempts."""
    server.behaviours = [stalled]
    patience = replace(PATIENCE, attempts=60, stall_s=0.3, longest_wait_s=0.01)
    download(server.url, target, blob_id, rng=rng, patience=patience)
    assert_done(target)
    assert server.ranges[0] is None
    assert "bytes=200000-" in server.ranges


@pytest.mark.parametrize("behaviours", [[ignoring_range], [another_range, whole]])
def test_a_server_without_proper_ranges_starts_over(
    server: Server,
    target: Path,
    fetch: Callable[[], None],
    behaviours: list[Callable[[Handler], None]],
) -> None:
    leave_part(target, CONTENT[:1000])
    server.behaviours = behaviours
    fetch()
    assert_done(target)
    assert server.ranges[0] == "bytes=1000-"


@pytest.mark.parametrize(
    "left", [b"beginning of another file", b"?" * len(CONTENT), CONTENT + b"too long"]
)
def test_a_part_of_another_file_is_dropped(
    target: Path, fetch: Callable[[], None], left: bytes
) -> None:
    leave_part(target, left)
    fetch()
    assert_done(target)


def test_a_whole_part_is_accepted_without_a_request(
    server: Server, target: Path, fetch: Callable[[], None]
) -> None:
    leave_part(target, CONTENT)
    fetch()
    assert_done(target)
    assert server.ranges == []


@pytest.mark.parametrize("behaviour", [wrong, without_length])
def test_a_wrong_file_is_removed(
    server: Server,
    target: Path,
    fetch: Callable[[], None],
    behaviour: Callable[[Handler], None],
) -> None:
    server.behaviours = [behaviour]
    with pytest.raises(DownloadError, match="is not the published file: its git id is"):
        fetch()
    assert_nothing(target)


@pytest.mark.parametrize("code", [404, 403, 410])
def test_a_refusal_is_final(server: Server, fetch: Callable[[], None], code: int) -> None:
    server.behaviours = [status(code)]
    with pytest.raises(DownloadError, match=rf"logs\.zip answered {code} [A-Z].*--url.*--file"):
        fetch()
    assert len(server.ranges) == 1


@pytest.mark.parametrize("code", [500, 503, 429])
def test_a_passing_failure_is_tried_again(
    server: Server, target: Path, fetch: Callable[[], None], code: int
) -> None:
    server.behaviours = [status(code), status(code), whole]
    fetch()
    assert_done(target)
    assert len(server.ranges) == 3


def test_a_lasting_failure_ends(server: Server, target: Path, fetch: Callable[[], None]) -> None:
    server.behaviours = [status(500)]
    with pytest.raises(DownloadError, match="answered 500"):
        fetch()
    assert len(server.ranges) == PATIENCE.attempts
    assert_nothing(target)


def test_redirects_are_followed(server: Server, target: Path, fetch: Callable[[], None]) -> None:
    server.behaviours = [redirect("/elsewhere"), redirect("/further"), whole]
    fetch()
    assert_done(target)


def test_a_loop_of_redirects_ends(server: Server, fetch: Callable[[], None]) -> None:
    server.behaviours = [redirect("/logs.zip")]
    with pytest.raises(DownloadError, match="TooManyRedirects"):
        fetch()
    assert len(server.ranges) == PATIENCE.redirects + 1


def test_a_redirect_out_of_the_web_is_refused(server: Server, fetch: Callable[[], None]) -> None:
    server.behaviours = [redirect("file:///etc/hostname")]
    with pytest.raises(DownloadError, match="UnsupportedProtocol"):
        fetch()
    assert len(server.ranges) == 1


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("ftp://127.0.0.1/logs.zip", "UnsupportedProtocol"),
        ("logs.zip", "UnsupportedProtocol"),
        ("http://127.0.0.1:port/logs.zip", "InvalidURL"),
        ("http://127.0.0.1:1/logs.zip", "failed 3 times.*ConnectError"),
    ],
)
def test_an_address_that_leads_nowhere(
    target: Path, blob_id: str, rng: np.random.Generator, url: str, reason: str
) -> None:
    with pytest.raises(DownloadError, match=reason):
        download(url, target, blob_id, rng=rng, patience=PATIENCE)


def test_waits_grow_and_are_spread(
    server: Server, target: Path, blob_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    server.behaviours = [status(500)]
    patience = Patience(attempts=6, first_wait_s=1, longest_wait_s=5)
    with pytest.raises(DownloadError):
        download(server.url, target, blob_id, rng=np.random.default_rng(1), patience=patience)
    ratios = np.array(waits) / [1, 2, 4, 5, 5]
    assert ((ratios >= 0.5) & (ratios < 1)).all()
    assert len(set(ratios)) == 5


def test_a_full_disk_is_one_clear_line(target: Path, fetch: Callable[[], None]) -> None:
    target.parent.mkdir(parents=True)
    part(target).symlink_to("/dev/full")
    with pytest.raises(DownloadError, match=r"no space left to write .*NASBENCHMARK_DIR"):
        fetch()
    assert not target.exists()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, fetch: Callable[[], None]) -> None:
    (tmp_path / "cache").touch()
    with pytest.raises(DownloadError, match=r"cannot write .*cache"):
        fetch()


@given(
    behaviours=st.lists(
        st.sampled_from(
            [
                *(truncated, ignoring_range, another_range, without_length, wrong, whole),
                *(redirect("/elsewhere"), status(404), status(416), status(500)),
            ]
        ),
        min_size=1,
        max_size=6,
    ),
    left=st.sampled_from([None, b"", b"other", CONTENT[:7], CONTENT, CONTENT + b"?"]),
)
@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_whatever_the_server_does_the_file_is_right_or_absent(
    server: Server,
    blob_id: str,
    rng: np.random.Generator,
    behaviours: list[Callable[[Handler], None]],
    left: bytes | None,
) -> None:
    server.behaviours = list(behaviours)
    patience = replace(PATIENCE, first_wait_s=0)
    with tempfile.TemporaryDirectory() as folder:
        target = Path(folder) / "logs.zip"
        if left is not None:
            part(target).write_bytes(left)
        try:
            download(server.url, target, blob_id, rng=rng, patience=patience)
        except DownloadError:
            assert not target.exists()
        else:
            assert_done(target)


def process(server: Server, target: Path, blob_id: str) -> subprocess.Popen[str]:
    program = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from nni_nlp_bench.benchmarks.download import download\n"
        "print('ready', flush=True)\n"
        "download(sys.argv[1], Path(sys.argv[2]), sys.argv[3], rng=np.random.default_rng())"
    )
    command = [sys.executable, "-c", program, server.url, str(target), blob_id]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_of_two_processes_one_downloads(server: Server, target: Path, blob_id: str) -> None:
    both_run = threading.Event()

    def slow(request: Handler) -> None:
        both_run.wait()
        request.server.stopped.wait(0.5)  # a second request would come now
        whole(request)

    server.behaviours = [slow]
    both = [process(server, target, blob_id) for _ in range(2)]
    for one in both:
        assert one.stdout is not None
        assert one.stdout.readline() == "ready\n"
    both_run.set()
    for one in both:
        assert one.communicate()[1] == ""
        assert one.returncode == 0
    assert_done(target)
    assert len(server.ranges) == 1


def test_a_killed_download_is_resumed(
    server: Server, target: Path, blob_id: str, fetch: Callable[[], None]
) -> None:
    server.behaviours = [stalled]
    killed = process(server, target, blob_id)
    while not (part(target).exists() and part(target).stat().st_size > 100_000):
        assert killed.poll() is None
        time.sleep(0.01)
    os.kill(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert not target.exists()
    server.behaviours = [whole]
    fetch()
    assert_done(target)
    assert server.ranges[0] is None
    assert int(str(server.ranges[1])[6:-1]) > 100_000
