"""Start experiments whose web UI listens on this machine alone, or on one address that is named."""

from __future__ import annotations

import errno
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nni_nlp_bench.nnictl.running import chosen, stop
from search_spaces.errors import UserError

LOOPBACK = "127.0.0.1"
EVERY = ("0.0.0.0", "::")
"""Addresses that stand for all of a machine's interfaces."""
PORT = 8080
SHIM = Path(__file__).with_name("loopback.js").resolve()
"""What node loads so that a manager listens where it should."""
_CALLED_BACK = frozenset({"remote", "openpai", "kubeflow", "frameworkcontroller", "adl"})
"""Training services whose machines open connections to the manager."""


class ServerError(UserError):
    """The experiment cannot be started like this; the message names the remedy."""


@dataclass(frozen=True)
class Started:
    """An experiment that has just been started."""

    id: str
    port: int
    host: str
    tunnels: tuple[str, ...] = ()
    """Commands that let the machines of the trials reach a manager that listens on loopback."""

    @property
    def url(self) -> str:
        """Where the web UI answers."""
        return f"http://{LOOPBACK if self.host in EVERY else self.host}:{self.port}"


def start(config: Path, port: int = PORT, host: str = LOOPBACK) -> Started:
    """Start the experiment of a YAML file; it goes on when this process ends. Raises ServerError.

    The manager has no login: whoever reaches `host` can run commands here.
    """
    check_port(port, host)
    loaded = load_config(config)
    tunnels = check_reachable(loaded, port, host)
    id = _launch(loaded, port, host)
    experiment = chosen(id)
    if (now := experiment.ask("check-status")) and now["status"] == "ERROR":
        stop(experiment)
        why = "; ".join(now["errors"])
        raise ServerError(f"{config}: {why}; the logs are in {experiment.logs}")
    return Started(id, port, host, tunnels)


def _launch(config: Any, port: int, host: str) -> str:
    from nni.experiment import Experiment, RunMode
    from nni.runtime.log import silence_stdout

    silence_stdout()  # it would name every address of the machine as one of the web UI
    experiment = Experiment(config)
    with _environment(manager_environment(host)):
        try:
            experiment.start(port, run_mode=RunMode.Detach)
        except (OSError, RuntimeError) as error:
            logs = Path(config.canonical_copy().experiment_working_directory, experiment.id, "log")
            raise ServerError(f"NNI did not start: {error}; the logs are in {logs}") from None
    return str(experiment.id)


def manager_environment(host: str = LOOPBACK) -> dict[str, str]:
    """The variables that make a manager listen on `host`, for those that nnictl starts as well."""
    ours = "--require=" + json.dumps(str(SHIM), ensure_ascii=False)
    given = os.environ.get("NODE_OPTIONS", "")
    return {"NODE_OPTIONS": f"{given} {ours}".strip(), "NNI_NLP_BENCH_HOST": host}


def check_port(port: int, host: str = LOOPBACK) -> None:
    """Raise ServerError unless the manager can listen there."""
    for address in dict.fromkeys((LOOPBACK if host not in EVERY else host, host)):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        with socket.socket(family) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((address, port))
            except (OSError, OverflowError) as error:
                raise ServerError(_why_not(address, port, error)) from None


def load_config(file: Path) -> Any:
    """NNI's ExperimentConfig of a YAML file, found valid. Raises ServerError."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ServerError(f"{file}: {error.strerror}; give --config the YAML file") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ServerError(f"{file} is not YAML: {error}") from None
    if not isinstance(content, dict):
        raise ServerError(f"{file} holds no fields: see experiments/ for examples")
    if "trainingServicePlatform" in content:
        raise ServerError(f"{file} is in the format of NNI 1: write it with 'trainingService'")
    from nni.experiment.config import ExperimentConfig, utils

    try:
        utils.set_base_path(file.parent)
        config = ExperimentConfig(**content)
        utils.unset_base_path()
        config.validate()
    except (ValueError, TypeError, AttributeError, AssertionError, ImportError, OSError) as error:
        raise ServerError(f"{file}: NNI refuses it: {error or 'a value is out of range'}") from None
    finally:
        utils.unset_base_path()
    if config.use_annotation:
        raise ServerError(f"{file}: NNI 3 has no useAnnotation: give it a searchSpace")
    return config


def check_reachable(config: Any, port: int, host: str) -> tuple[str, ...]:
    """The tunnels through which trials elsewhere call back. Raises ServerError if they cannot."""
    services = config.canonical_copy().training_service
    tunnels: list[str] = []
    for service in services if isinstance(services, list) else [services]:
        if service.platform not in _CALLED_BACK:
            continue
        ip, platform = service.nni_manager_ip, service.platform
        if ip is None:
            raise ServerError(
                f"the machines of trainingService {platform} connect to this one: set nniManagerIp "
                f"to its address and give it to --host too, or set it to {LOOPBACK} for tunnels"
            )
        if ip in (LOOPBACK, "localhost"):
            tunnels += _tunnels(service, port)
        elif ip != host and host not in EVERY:
            raise ServerError(
                f"the machines of trainingService {platform} connect to {ip}, where the manager "
                f"would not listen: add --host {ip}"
            )
    return tuple(tunnels)


def _tunnels(service: Any, port: int) -> list[str]:
    ports = (port, port + 1) if getattr(service, "reuse_mode", True) else (port,)
    back = " ".join(f"-R {p}:{LOOPBACK}:{p}" for p in ports)
    return [
        f"ssh -N {back} -p {machine.port} {machine.user}@{machine.host}"
        for machine in getattr(service, "machine_list", [])
        if machine.host not in (LOOPBACK, "localhost")
    ]


def _why_not(address: str, port: int, error: Exception) -> str:
    code = getattr(error, "errno", None)
    if code == errno.EADDRINUSE:
        return f"port {port} is taken: choose another with --port"
    if code == errno.EACCES:
        return f"port {port} is reserved for the system: choose one above 1023 with --port"
    if isinstance(error, OverflowError):
        return f"{port} is no port: choose one from 1024 to 65535 with --port"
    return f"this machine has no address {address}: give --host one that it has"


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables of this process's environment in the block: NNI hands it to the manager."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
