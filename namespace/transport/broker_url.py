"""The address of a broker, as people write it: `mqtt://user:password@host:port` or `mqtts://...`.

It keeps the password out of everything that gets printed or logged. It opens no connection and resolves no
name.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import quote, unquote, urlsplit

_DEFAULT_PORTS = {"mqtt": 1883, "mqtts": 8883}


class BrokerUrlError(ValueError):
    """A broker URL that cannot be used. The text never contains the URL's credentials."""


@dataclass(frozen=True, slots=True)
class BrokerUrl:
    """Where a broker is and who we are to it. `str()` and `repr()` leave the password out.

    Attributes:
        host: Name or IP address; IPv6 without brackets.
        port: TCP port.
        tls: Whether the connection is encrypted (`mqtts`).
        username: The account, or None for an anonymous client.
        password: Its password.
    """

    host: str
    port: int
    tls: bool = False
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a broker URL; user name and password may be percent-encoded.

        Args:
            text: For example `mqtt://mes-oee:secret@127.0.0.1:1883`. The port defaults to 1883, with `mqtts`
                to 8883.

        Raises:
            BrokerUrlError: It is no such URL; the text says what to write instead.
        """
        try:
            parts = urlsplit(text.strip())
            port = parts.port
        except ValueError as error:
            raise BrokerUrlError(f"not a broker URL: {_problem(error)}; write mqtt://host:port") from None
        if parts.scheme not in _DEFAULT_PORTS:
            raise BrokerUrlError(
                f"broker URL with scheme {parts.scheme!r}; write mqtt://host:port or mqtts://host:port"
            )
        if not parts.hostname:
            raise BrokerUrlError("broker URL without a host; write mqtt://host:port")
        if port == 0:
            raise BrokerUrlError("broker URL with port 0; write the port that the broker listens on")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise BrokerUrlError("broker URL with something after the port; write mqtt://user:password@host:port")
        return cls(
            host=parts.hostname,
            port=port or _DEFAULT_PORTS[parts.scheme],
            tls=parts.scheme == "mqtts",
            username=unquote(parts.username) if parts.username else None,
            password=unquote(parts.password) if parts.password is not None and parts.username else None,
        )

    @property
    def is_loopback(self) -> bool:
        """Whether traffic stays on this machine. A name other than `localhost` counts as beyond it."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    def __str__(self) -> str:
        """The address without credentials, for people."""
        return f"{self._scheme}://{self._netloc}"

    def with_credentials(self) -> str:
        """The whole URL, password included, for handing it to another process; never for a log."""
        if self.username is None:
            return str(self)
        credentials = quote(self.username, safe="")
        if self.password is not None:
            credentials += ":" + quote(self.password, safe="")
        return f"{self._scheme}://{credentials}@{self._netloc}"

    @property
    def _scheme(self) -> str:
        return "mqtts" if self.tls else "mqtt"

    @property
    def _netloc(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def _problem(error: ValueError) -> str:
    """Say which part is wrong without repeating it: a mistyped password can end up in the port."""
    return "the port is not a number from 1 to 65535" if "port" in str(error).lower() else "it is malformed"


def refuse_plaintext_beyond_loopback(url: BrokerUrl) -> None:
    """Refuse to send credentials and data unencrypted over a network.

    Raises:
        BrokerUrlError: The broker is on another machine and the URL does not ask for TLS.
    """
    if not url.tls and not url.is_loopback:
        raise BrokerUrlError(
            f"{url} is on another machine and not encrypted; write mqtts://, or allow plaintext explicitly"
        )
