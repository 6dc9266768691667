"""What `up` refuses before anything starts: one line that names the remedy."""

from __future__ import annotations

import socket

import pytest
import yaml

from nni_nlp_bench.core.errors import UserError
from nni_nlp_bench.frameworks.nni.serving.addresses import AddressError, check_listening
from nni_nlp_bench.frameworks.nni.serving.config import load_config
from nni_nlp_bench.frameworks.nni.serving.reachability import check_reachability

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
    """NNI's configuration of a file that holds GOOD and these fields."""

    def loaded(**fields):
        file = tmp_path / "experiment.yml"
        file.write_text(yaml.safe_dump(GOOD | fields))
        return load_config(file)

    return loaded


@pytest.fixture
def remote(load):
    """The same, with trials on one machine; no one asks it, for want of a key."""
    machine = {"host": "gpu1", "user": "alice", "password": "secret"}
    service = {"platform": "remote", "machineList": [machine]}
    return lambda ip: load(trainingService=service, nniManagerIp=ip)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"\x00\xff", "is not YAML"),
        (b"a: [", "is not YAML"),
        (b"", "holds no fields"),
        (b"- a", "holds no fields"),
        (b"trainingServicePlatform: local", "format of NNI 1"),
    ],
)
def test_a_file_of_another_kind(tmp_path, content, says):
    file = tmp_path / "experiment.yml"
    file.write_bytes(content)
    with pytest.raises(UserError, match=says):
        load_config(file)


@pytest.mark.parametrize("name", ["missing.yml", "."])
def test_no_file(tmp_path, name):
    with pytest.raises(UserError, match="give --config a YAML file"):
        load_config(tmp_path / name)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"colour": 1}, "colour"),
        ({"tuner": None}, "tuner must have fields"),
        ({"tuner": {"name": "Nobody"}}, "unknown tuner 'Nobody'"),
        ({"tuner": {"className": "some.Tuner"}}, "code_directory"),
        ({"searchSpace": [1]}, "searchSpace must have fields"),
        ({"maxTrialNumber": "many"}, "max_trial_number"),
        ({"maxTrialNumber": 0}, "max_trial_number"),
        ({"maxExperimentDuration": "1x"}, "Bad unit"),
        ({"trialCodeDirectory": "nowhere"}, "nowhere"),
        ({"trialCommand": None}, "trial_command"),
        ({"trainingService": {"platform": "moon"}}, "needs a platform"),
        ({"trainingService": {"platform": "openpai"}}, "NNI 3 cannot run on OpenPAI"),
        ({"trainingService": "local"}, "needs a platform"),
        ({"trainingService": [{"platform": "local"}]}, "need nniManagerIp"),
        ({"experimentType": "nas"}, "remove experimentType"),
        ({"useAnnotation": True, "searchSpace": {}}, "annotation"),
        (strategy(), "lack 'strategy'"),
        (strategy(strategy="no"), "unknown strategy 'no'"),
        (strategy(strategy="random", colour=1), "unknown classArgs 'colour'"),
        (strategy(strategy="random") | {"searchSpace": {"nodes": 3}}, "'nodes'"),
    ],
)
def test_what_nni_or_the_tuner_would_refuse(load, fields, says):
    with pytest.raises(UserError, match=says):
        load(**fields)


def test_a_refusal_leaves_nothing_behind(load):
    with pytest.raises(UserError):
        load(colour=1)
    assert load().tuner.name == "Random"


def test_trials_elsewhere_must_reach_the_manager(remote):
    with pytest.raises(AddressError, match="set nniManagerIp"):
        check_reachability(remote(None), 8080, "127.0.0.1")
    with pytest.raises(AddressError, match=r"add --host 203\.0\.113\.7"):
        check_reachability(remote("203.0.113.7"), 8080, "127.0.0.1")
    for host in ("203.0.113.7", "0.0.0.0"):
        check_reachability(remote("203.0.113.7"), 8080, host)
    check_reachability(remote("127.0.0.1"), 8080, "127.0.0.1")


def test_a_cluster_cannot_use_a_tunnel(load):
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


def test_trials_here_need_no_address(load):
    check_reachability(load(), 8080, "127.0.0.1")


@pytest.mark.parametrize("taken", ["127.0.0.1", "0.0.0.0"])
def test_a_port_that_is_taken(load, remote, taken):
    with socket.socket() as other:
        other.bind((taken, 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(AddressError, match=f"port {port} is taken: .*--port"):
            check_listening(load(), port, "127.0.0.1")
        with pytest.raises(AddressError, match=f"port {port} is taken: .*--port"):
            check_listening(remote("127.0.0.1"), port - 1, "127.0.0.1")


@pytest.mark.parametrize(
    ("port", "host", "says"),
    [
        (0, "127.0.0.1", "no port 0"),
        (65536, "127.0.0.1", "no port 65536"),
        (8080, "localhost", "is no address"),
        (8080, "203.0.113.7", "has no address 203.0.113.7"),
    ],
)
def test_nowhere_to_listen(load, port, host, says):
    with pytest.raises(AddressError, match=says):
        check_listening(load(), port, host)
