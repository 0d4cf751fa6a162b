"""Asking a broker whether it lets an account in, without a client library.

One CONNECT and its CONNACK tell apart the three things a person has to put right: nobody there, not an MQTT
broker, wrong name or password. It is no client: it subscribes to nothing and publishes nothing.
"""

from __future__ import annotations

import secrets
import socket
import ssl
from enum import Enum


class SignIn(Enum):
    """How a broker answered an account."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """Wrong name or password (or the broker has no more room for us)."""
    UNREACHABLE = "unreachable"
    NOT_MQTT = "not an MQTT broker"


def sign_in(host: str, port: int, account: str, password: str, *, tls: bool = False, timeout_s: float = 5) -> SignIn:
    """Sign in once with MQTT 3.1.1 and leave.

    Args:
        host: Name or address of the broker.
        port: Its TCP port.
        account: User name.
        password: Password.
        tls: Speak TLS, trusting the system's certificates.
        timeout_s: For connecting and for the answer, each.
    """
    try:
        with _stream(host, port, tls=tls, timeout_s=timeout_s) as stream:
            stream.sendall(_connect_packet(account, password))
            answer = stream.recv(4)
            if answer[:2] != b"\x20\x02" or len(answer) < 4:
                return SignIn.NOT_MQTT if answer else SignIn.REFUSED
            stream.sendall(b"\xe0\x00")  # DISCONNECT
            return SignIn.ACCEPTED if answer[3] == 0 else SignIn.REFUSED
    except OSError:
        return SignIn.UNREACHABLE


def _stream(host: str, port: int, *, tls: bool, timeout_s: float) -> socket.socket:
    plain = socket.create_connection((host, port), timeout=timeout_s)
    if not tls:
        return plain
    try:
        return ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    except OSError:
        plain.close()
        raise


def _connect_packet(account: str, password: str) -> bytes:
    """MQTT 3.1.1, 3.1: CONNECT with clean session, user name and password."""
    header = _text("MQTT") + bytes([4, 0b1100_0010]) + (5).to_bytes(2, "big")
    body = header + _text(f"probe-{secrets.token_hex(6)}") + _text(account) + _text(password)
    return b"\x10" + _remaining_length(len(body)) + body


def _text(value: str) -> bytes:
    data = value.encode()
    return len(data).to_bytes(2, "big") + data


def _remaining_length(length: int) -> bytes:
    encoded = bytearray()
    while True:
        length, digit = divmod(length, 128)
        encoded.append(digit | 0x80 if length else digit)
        if not length:
            return bytes(encoded)
