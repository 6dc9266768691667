"""Validation of configurations and addresses before `up` starts anything."""

from __future__ import annotations

import socket

import pytest
import yaml

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.serving.addresses import AddressError, check_address
from nni_nlp_bench.frameworks.nni.serving.config import load_config
from nni_nlp_bench.frameworks.nni.serving.reachability import check_reachability
from nni_nlp_bench.frameworks.nni.serving.uploads import MAX_FILES, describe_uploads

GOOD = {
    "searchSpace": {},
    "trialCommand": "true",
    "trialCodeDirectory": ".",
    "trialConcurrency": 1,
    "tuner": {"name": "Random"},
    "trainingService": {"platform": "local"},
}
OURS = {"className": "nni_nlp_bench.frameworks.nni.tuner.StrategyTuner", "codeDirectory": "."}


def strategy(**class_args):
    return {"tuner": OURS | {"classArgs": class_args}}


@pytest.fixture
def load(tmp_path):
    """Load a file with the fields of GOOD and the given ones."""

    def loaded(**fields):
        file = tmp_path / "experiment.yml"
        file.write_text(yaml.safe_dump(GOOD | fields))
        return load_config(file)

    return loaded


@pytest.fixture
def remote(load):
    """Load a file with trials on a remote machine without an ssh key, so it is not contacted."""
    machine = {"host": "gpu1", "user": "alice", "password": "secret"}
    service = {"platform": "remote", "machineList": [machine]}
    return lambda ip: load(trainingService=service, nniManagerIp=ip)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\x00\xff", "not UTF-8 text .*; give --config a YAML file"),
        (b"a: " + b"[" * 20_000, "nested too deeply"),
        (b"a: [", "is not YAML"),
        (b"", "is not a mapping"),
        (b"- a", "is not a mapping"),
        (b"trainingServicePlatform: local", "format of NNI 1"),
    ],
)
def test_error_for_invalid_file(tmp_path, content, message):
    file = tmp_path / "experiment.yml"
    file.write_bytes(content)
    with pytest.raises(UserError, match=message):
        load_config(file)


@pytest.mark.parametrize("name", ["missing.yml", "."])
def test_error_for_missing_file(tmp_path, name):
    with pytest.raises(UserError, match="give --config a YAML file"):
        load_config(tmp_path / name)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"colour": 1}, "colour"),
        ({"tuner": None}, "tuner must be a mapping"),
        ({"tuner": {"name": "Nobody"}}, "unknown tuner 'Nobody'"),
        ({"tuner": {"className": "some.Tuner"}}, "code_directory"),
        ({"searchSpace": [1]}, "searchSpace must be a mapping"),
        ({"maxTrialNumber": "many"}, "max_trial_number"),
        ({"maxTrialNumber": 0}, "max_trial_number"),
        ({"maxExperimentDuration": "1x"}, "Bad unit"),
        ({"trialCodeDirectory": "nowhere"}, "nowhere"),
        ({"trialCommand": None}, "trial_command"),
        ({"trainingService": {"platform": "moon"}}, "needs a platform"),
        ({"trainingService": {"platform": "openpai"}}, "NNI 3 no longer runs on OpenPAI"),
        ({"trainingService": "local"}, "needs a platform"),
        ({"trainingService": [{"platform": "local"}]}, "require nniManagerIp"),
        ({"experimentType": "nas"}, "unsupported experimentType"),
        ({"useAnnotation": True, "searchSpace": {}}, "annotation"),
        (strategy(), "lack 'strategy'"),
        (strategy(strategy="no"), "unknown strategy 'no'"),
        (strategy(strategy="random", colour=1), "unknown classArgs 'colour'"),
        (
            strategy(strategy="random") | {"searchSpace": {"nodes": 3}},
            "nodes must have _type and _value",
        ),
    ],
)
def test_error_for_invalid_field(load, fields, message):
    with pytest.raises(UserError, match=message):
        load(**fields)


def test_errors_have_no_side_effects(load):
    with pytest.raises(UserError):
        load(colour=1)
    assert load().tuner.name == "Random"


def test_remote_trials_must_reach_the_manager(remote):
    with pytest.raises(AddressError, match="set nniManagerIp"):
        check_reachability(remote(None), 8080, "127.0.0.1")
    with pytest.raises(AddressError, match=r"add --host 203\.0\.113\.7"):
        check_reachability(remote("203.0.113.7"), 8080, "127.0.0.1")
    for host in ("203.0.113.7", "0.0.0.0"):
        check_reachability(remote("203.0.113.7"), 8080, host)
    check_reachability(remote("127.0.0.1"), 8080, "127.0.0.1")


def test_clusters_cannot_use_tunnels(load):
    service = {
        "platform": "frameworkcontroller",
        "storage": {"storageType": "nfs", "server": "nfs.example.org", "path": "/nni"},
        "serviceAccountName": "nni",
        "taskRoles": [
            {
                "name": "worker",
                "taskNumber": 1,
                "command": "true",
                "gpuNumber": 0,
                "cpuNumber": 1,
                "memorySize": "4gb",
                "frameworkAttemptCompletionPolicy": {
                    "minFailedTaskCount": 1,
                    "minSucceedTaskCount": 1,
                },
            }
        ],
    }
    config = load(trainingService=service, nniManagerIp="127.0.0.1")
    with pytest.raises(AddressError, match=r"cannot reach 127\.0\.0\.1 here"):
        check_reachability(config, 8080, "127.0.0.1")
    check_reachability(load(trainingService=service, nniManagerIp="10.0.0.5"), 8080, "10.0.0.5")


def test_local_trials_need_no_address(load):
    check_reachability(load(), 8080, "127.0.0.1")


def test_copied_folder_is_described(remote, tmp_path):
    """By default it is the folder of the file."""
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "secret").write_bytes(bytes(2_000_000))
    (line,) = describe_uploads(remote("127.0.0.1"))
    assert line == (
        f"{tmp_path} (2 files, 2.0 MB) is copied to alice@gpu1; "
        f"list files to exclude in {tmp_path}/.nniignore"
    )
    (tmp_path / ".nniignore").write_text("secret\n")
    (line,) = describe_uploads(remote("127.0.0.1"))
    assert line.endswith("; without the files that its .nniignore excludes")
    for number in range(MAX_FILES):
        (tmp_path / "src" / str(number)).touch()
    (line,) = describe_uploads(remote("127.0.0.1"))
    assert line.startswith(f"{tmp_path} (more than 2000 files) is copied to ")


def test_local_trials_copy_nothing(load):
    assert list(describe_uploads(load())) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "0.0.0.0"])
def test_error_for_port_in_use(load, remote, address):
    with socket.socket() as other:
        other.bind((address, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressError, match=f"port {port} is in use: .*--port"):
            check_address(load(), port, "127.0.0.1")
        with pytest.raises(AddressError, match=f"port {port} is in use: .*--port"):
            check_address(remote("127.0.0.1"), port - 1, "127.0.0.1")


@pytest.mark.parametrize(
    ("port", "host", "message"),
    [
        (0, "127.0.0.1", "0 is not a valid port"),
        (65536, "127.0.0.1", "65536 is not a valid port"),
        (8080, "localhost", "is not an IP address"),
        (8080, "203.0.113.7", "does not have the address 203.0.113.7"),
    ],
)
def test_error_for_invalid_address(load, port, host, message):
    with pytest.raises(AddressError, match=message):
        check_address(load(), port, host)
