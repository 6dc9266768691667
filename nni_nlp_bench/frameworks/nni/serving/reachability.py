"""Check whether trials on other machines can reach the manager, before the experiment starts."""

from __future__ import annotations

import shlex
import socket
import subprocess
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import Any

from nni_nlp_bench.frameworks.nni.serving.addresses import (
    ALL_INTERFACES,
    CALLBACK_PLATFORMS,
    LOOPBACK,
    AddressError,
    required_ports,
    training_services,
)

_TIMEOUT_S = 20
_GREETING = b"nni-nlp-bench"
_SSH_FAILED = 255
_SSH_OPTIONS = (
    *("-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"),
    *("-o", "StrictHostKeyChecking=yes"),
)
"""NNI reads no ssh configuration, and checks no host keys: they are checked here instead."""


def check_reachability(config: Any, port: int, host: str) -> None:
    """Raise AddressError if the machines of the trials cannot connect to the manager.

    A connection is tested on machines that ssh reaches with an unencrypted key.
    """
    canonical = config.canonical_copy()
    for service in training_services(canonical):
        if service.platform in CALLBACK_PLATFORMS:
            # With reuseMode, NNI's runner uses the address of the experiment.
            ip = (canonical if service.reuse_mode else service).nni_manager_ip
            _check_address(service, ip, host)
            needed = required_ports(service, port) if service.reuse_mode else (port,)
            for machine in getattr(service, "machine_list", []):
                if machine.ssh_key_file is not None and machine.ssh_passphrase is None:
                    _check_machine(machine, ip, needed, host)


def _check_address(service: Any, ip: str | None, host: str) -> None:
    machines = f"the machines of trainingService {service.platform}"
    by_ssh = service.platform == "remote"
    if ip is None:
        tunnels = f", or set it to {LOOPBACK} for ssh tunnels" if by_ssh else ""
        raise AddressError(
            f"{machines} connect to this one: set nniManagerIp to its address and give the same "
            f"--host{tunnels}"
        )
    if ip in (LOOPBACK, "localhost"):
        if not by_ssh:
            raise AddressError(f"{machines} cannot reach {ip} here: set nniManagerIp to an address")
    elif ip != host and host not in ALL_INTERFACES:
        raise AddressError(
            f"{machines} connect to {ip}, but the manager would not listen there: add --host {ip}"
        )


def _check_machine(machine: Any, ip: str, needed: tuple[int, ...], host: str) -> None:
    target = f"{machine.user}@{machine.host}"
    address = LOOPBACK if ip == "localhost" else ip
    for port in needed:
        if _can_connect(machine, address, port, host):
            continue
        if address == LOOPBACK:
            back = " ".join(f"-R {p}:{LOOPBACK}:{p}" for p in needed)
            remedy = f"keep a tunnel open: ssh -N {back} -p {machine.port} {target}"
        else:
            remedy = "open the port in the firewall, or set nniManagerIp to 127.0.0.1 for a tunnel"
        raise AddressError(f"{target} cannot connect to {ip}:{port} on this machine: {remedy}")


def _can_connect(machine: Any, ip: str, port: int, host: str) -> bool:
    """Return whether a machine can connect to a port of this one that is not in use yet."""
    bound = LOOPBACK if ip == LOOPBACK else host
    with socket.socket(socket.AF_INET6 if ":" in bound else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((bound, port))
        listener.listen()
        listener.settimeout(_TIMEOUT_S)
        Thread(target=_greet, args=(listener,), daemon=True).start()
        connect = f"import socket; s = socket.create_connection(({ip!r}, {port}), 5)"
        program = shlex.quote(f"{connect}; print(s.recv({len(_GREETING)}).decode())")
        path = f"PATH={shlex.quote(machine.python_path)}:$PATH " if machine.python_path else ""
        return _GREETING in _over_ssh(machine, f"{path}python3 -c {program}")


def _greet(listener: socket.socket) -> None:
    with suppress(OSError):  # no connection, or the test is over
        connection, _ = listener.accept()
        with connection:
            connection.sendall(_GREETING)


def _over_ssh(machine: Any, command: str) -> bytes:
    """Run a command on a machine and return its stdout. Raises AddressError if ssh fails."""
    target = f"{machine.user}@{machine.host}"
    known_hosts = Path.home() / ".ssh" / "known_hosts"
    try:
        done = subprocess.run(
            [
                "ssh",
                *_SSH_OPTIONS,
                "-o",
                f'UserKnownHostsFile="{known_hosts}"',
                "-i",
                machine.ssh_key_file,
                "-p",
                str(machine.port),
                target,
                command,
            ],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_S,
        )
    except FileNotFoundError:
        raise AddressError("ssh is not installed: install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise AddressError(f"ssh to {target} timed out: check host and port") from None
    if done.returncode == _SSH_FAILED:
        reason = done.stderr.decode(errors="replace").strip()
        if "Host key verification failed" in reason:
            raise AddressError(
                f"the host key of {target} is not the one in {known_hosts}: compare it with the "
                f"machine's own, and connect once by ssh -p {machine.port} {target}"
            )
        raise AddressError(f"ssh to {target} fails: {reason}; check port, user and sshKeyFile")
    return done.stdout
