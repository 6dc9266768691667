"""Where a manager listens, and whether those who need it can reach it there."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address
from typing import Any

from nni_nlp_bench.core.errors import UserError

LOOPBACK = "127.0.0.1"
EVERY = ("0.0.0.0", "::")
"""Addresses that stand for all of a machine's interfaces."""
CALLED_BACK = frozenset({"remote", "kubeflow", "frameworkcontroller"})
"""Training services whose machines open connections to the manager."""
_MAX_PORT = 65535


class AddressError(UserError):
    """The manager cannot listen there, or would listen in vain; the message names the remedy."""


def url_of(address: str, port: int) -> str:
    """The web address of a server that listens there."""
    reached = LOOPBACK if address in EVERY else address
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def services(config: Any) -> list[Any]:
    """The training services of NNI's configuration: it can run several at once."""
    given = config.training_service
    return given if isinstance(given, list) else [given]


def ports(service: Any, port: int) -> tuple[int, ...]:
    """The ports of an experiment: some services keep a second one for their trials."""
    return (port, port + 1) if service.platform in CALLED_BACK else (port,)


def check_listening(config: Any, port: int, host: str) -> None:
    """Raise AddressError unless the manager can listen where NNI wants it to."""
    try:
        ip_address(host)
    except ValueError:
        raise AddressError(f"--host {host!r} is no address: give one such as {LOOPBACK}") from None
    for needed in sorted({p for service in services(config) for p in ports(service, port)}):
        if not 0 < needed <= _MAX_PORT:
            raise AddressError(f"there is no port {needed}: choose another with --port")
        for address in {LOOPBACK, host} if host not in EVERY else {host}:
            _check_free(address, needed)


def _check_free(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            raise AddressError(_why_not(address, port, error)) from None


def _why_not(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is taken: choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is reserved for the system: choose one above 1023 with --port"
    return f"this machine has no address {address}: give --host one that it has"
