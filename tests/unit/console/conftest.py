"""The console's application around a site in memory, over HTTP without a socket."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from services.console.adapters.http.app import console_app
from services.console.adapters.http.parts import ConsoleParts
from tests.fakes.console_site import FakeSite, parts_for

START = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
ORIGIN = "http://console.test"


@dataclass
class Console:
    """A console to ask, and the site behind it."""

    http: httpx.AsyncClient
    site: FakeSite
    parts: ConsoleParts

    async def sign_in(self, role: str, password: str | None = None) -> httpx.Response:
        """Sign in as the user of a role; the CSRF token goes with what follows."""
        answer = await self.http.post("/api/session", json={"user": role, "password": password or f"{role}-pw"})
        if answer.status_code == 200:
            self.http.headers["x-csrf-token"] = answer.json()["csrfToken"]
        return answer

    async def get(self, address: str) -> Any:
        """Ask and return the JSON."""
        answer = await self.http.get(address)
        assert answer.status_code == 200, answer.text
        return answer.json()


@pytest.fixture
async def console(tmp_path: Path) -> AsyncIterator[Console]:
    """A console whose clock stands at noon."""
    site = FakeSite(START)
    bundle = tmp_path / "bundle"
    (bundle / "assets").mkdir(parents=True)
    (bundle / "index.html").write_text("<!doctype html><title>Console</title>")
    (bundle / "assets" / "main-ABC.js").write_text("export {};")
    (tmp_path / "secret.txt").write_text("secret")
    parts = replace(parts_for(site, bundle), now=lambda: START)
    transport = httpx.ASGITransport(app=console_app(parts))
    async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as http:
        yield Console(http, site, parts)
