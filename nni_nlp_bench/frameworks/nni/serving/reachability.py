"""Whether trials on other machines will reach the manager: NNI would find out when it is late."""

from __future__ import annotations

import shlex
import socket
import subprocess
from contextlib import suppress
from threading import Thread
from typing import Any

from nni_nlp_bench.frameworks.nni.serving.addresses import (
    CALLED_BACK,
    EVERY,
    LOOPBACK,
    AddressError,
    ports,
    services,
)

_PATIENCE_S = 20
_WORD = b"nni-nlp-bench"
_SSH_FAILED = 255
_AS_NNI = (
    *("-F", "none", "-o", "BatchMode=yes", "-o", "IdentitiesOnly=yes", "-o", "LogLevel=ERROR"),
    *("-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"),
)
"""NNI reads no configuration of ssh either, and checks no host keys."""


def check_reachability(config: Any, port: int, host: str) -> None:
    """Raise AddressError if the machines of the trials could not connect to the manager.

    Those that ssh reaches with a key alone are asked to try.
    """
    canonical = config.canonical_copy()
    for service in services(canonical):
        if service.platform in CALLED_BACK:
            # NNI's runner of reused machines takes the address of the experiment.
            ip = (canonical if service.reuse_mode else service).nni_manager_ip
            _check_address(service, ip, host)
            needed = ports(service, port) if service.reuse_mode else (port,)
            for machine in getattr(service, "machine_list", []):
                if machine.ssh_key_file is not None and machine.ssh_passphrase is None:
                    _check_machine(machine, ip, needed, host)


def _check_address(service: Any, ip: str | None, host: str) -> None:
    machines = f"the machines of trainingService {service.platform}"
    by_ssh = service.platform == "remote"
    if ip is None:
        tunnels = f", or set it to {LOOPBACK} for tunnels of ssh" if by_ssh else ""
        raise AddressError(
            f"{machines} connect to this one: set nniManagerIp to its address and give that to "
            f"--host too{tunnels}"
        )
    if ip in (LOOPBACK, "localhost"):
        if not by_ssh:
            raise AddressError(f"{machines} cannot reach {ip} here: set nniManagerIp to an address")
    elif ip != host and host not in EVERY:
        raise AddressError(
            f"{machines} connect to {ip}, where the manager would not listen: add --host {ip}"
        )


def _check_machine(machine: Any, ip: str, needed: tuple[int, ...], host: str) -> None:
    there = f"{machine.user}@{machine.host}"
    address = LOOPBACK if ip == "localhost" else ip
    for port in needed:
        if _reaches(machine, address, port, host):
            continue
        if address == LOOPBACK:
            back = " ".join(f"-R {p}:{LOOPBACK}:{p}" for p in needed)
            remedy = f"keep a tunnel open: ssh -N {back} -p {machine.port} {there}"
        else:
            remedy = "open the port in the firewall, or set nniManagerIp to 127.0.0.1 for a tunnel"
        raise AddressError(f"{there} does not reach {ip}:{port} here: {remedy}")


def _reaches(machine: Any, ip: str, port: int, host: str) -> bool:
    """Whether a connection from there arrives at the port here, where nothing listens yet."""
    bound = LOOPBACK if ip == LOOPBACK else host
    with socket.socket(socket.AF_INET6 if ":" in bound else socket.AF_INET) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((bound, port))
        listener.listen()
        listener.settimeout(_PATIENCE_S)
        Thread(target=_greet, args=(listener,), daemon=True).start()
        connect = f"import socket; s = socket.create_connection(({ip!r}, {port}), 5)"
        program = shlex.quote(f"{connect}; print(s.recv({len(_WORD)}).decode())")
        path = f"PATH={shlex.quote(machine.python_path)}:$PATH " if machine.python_path else ""
        return _WORD in _over_ssh(machine, f"{path}python3 -c {program}")


def _greet(listener: socket.socket) -> None:
    with suppress(OSError):  # no one came, or all is over
        connection, _ = listener.accept()
        with connection:
            connection.sendall(_WORD)


def _over_ssh(machine: Any, command: str) -> bytes:
    """What a command prints there. Raises AddressError if ssh does not get there."""
    there = f"{machine.user}@{machine.host}"
    try:
        done = subprocess.run(
            ["ssh", *_AS_NNI, "-i", machine.ssh_key_file, "-p", str(machine.port), there, command],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_PATIENCE_S,
        )
    except FileNotFoundError:
        raise AddressError("ssh is missing here: install openssh-client") from None
    except subprocess.TimeoutExpired:
        raise AddressError(f"ssh to {there} gets no answer: look at host and port") from None
    if done.returncode == _SSH_FAILED:
        why = done.stderr.decode(errors="replace").strip()
        raise AddressError(f"ssh to {there} fails: {why}; look at port, user and sshKeyFile")
    return done.stdout
