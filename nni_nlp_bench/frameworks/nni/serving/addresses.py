"""Addresses and ports of NNI's manager."""

from __future__ import annotations

import errno
import socket
from ipaddress import ip_address
from typing import Any

from nni_nlp_bench.core.errors import UserError

LOOPBACK = "127.0.0.1"
ALL_INTERFACES = ("0.0.0.0", "::")
"""Addresses that mean all network interfaces."""
CALLBACK_PLATFORMS = frozenset({"remote", "kubeflow", "frameworkcontroller"})
"""Training services whose machines connect to the manager."""
_MAX_PORT = 65535


class AddressError(UserError):
    """The manager cannot listen on an address, or cannot be reached there."""


def url_of(address: str, port: int) -> str:
    """Return the URL of a server that listens on an address and port."""
    reached = LOOPBACK if address in ALL_INTERFACES else address
    return f"http://[{reached}]:{port}" if ":" in reached else f"http://{reached}:{port}"


def training_services(config: Any) -> list[Any]:
    """Return the training services of an experiment, which may use several at once."""
    given = config.training_service
    return given if isinstance(given, list) else [given]


def required_ports(service: Any, port: int) -> tuple[int, ...]:
    """Return the ports of an experiment: some services need a second one for their trials."""
    return (port, port + 1) if service.platform in CALLBACK_PLATFORMS else (port,)


def check_address(config: Any, port: int, host: str) -> None:
    """Raise AddressError unless the manager can listen on the address and ports."""
    try:
        ip_address(host)
    except ValueError:
        raise AddressError(
            f"--host {host!r} is not an IP address: give one such as {LOOPBACK}"
        ) from None
    for needed in sorted(
        {p for service in training_services(config) for p in required_ports(service, port)}
    ):
        if not 0 < needed <= _MAX_PORT:
            raise AddressError(f"{needed} is not a valid port: choose another with --port")
        for address in {LOOPBACK, host} if host not in ALL_INTERFACES else {host}:
            _check_free(address, needed)


def _check_free(address: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((address, port))
        except OSError as error:
            raise AddressError(_bind_error(address, port, error)) from None


def _bind_error(address: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"port {port} is in use: choose another with --port"
    if error.errno == errno.EACCES:
        return f"port {port} is privileged: choose one above 1023 with --port"
    return f"this machine does not have the address {address}: give --host one that it has"
