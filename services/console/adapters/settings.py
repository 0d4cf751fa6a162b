"""Settings that only the console has; the others are those of every service."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from namespace.runtime import SettingsError


class ConsoleSettings(BaseModel):
    """Where pages are served.

    Attributes:
        console_host: Address to listen on; loopback unless a gateway with TLS stands in front.
        console_port: TCP port.
        demo: Make one user a role, with generated passwords, for trying the site out.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    console_host: str = "127.0.0.1"
    console_port: Annotated[int, Field(ge=0, le=65535)] = 8080
    demo: bool = False

    def check_exposure(self, *, allow_plaintext: bool) -> None:
        """Make sure that passwords leave this machine encrypted.

        Args:
            allow_plaintext: Somebody asked for plain HTTP beyond loopback.

        Raises:
            SettingsError: Pages would be served beyond loopback without TLS, and nobody asked for that.
        """
        if self._is_loopback or allow_plaintext:
            return
        text = (
            f"settings: UNS_CONSOLE_HOST is {self.console_host}: the console speaks plain HTTP and listens beyond this "
            "machine only when told so. Put a gateway with TLS in front of 127.0.0.1, or set UNS_ALLOW_PLAINTEXT=true"
        )
        raise SettingsError(text)

    @property
    def _is_loopback(self) -> bool:
        try:
            return ip_address(self.console_host).is_loopback
        except ValueError:
            return self.console_host == "localhost"
