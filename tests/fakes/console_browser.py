"""A real browser, and the console on a site in memory for what needs no other service."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from playwright.async_api import Browser, BrowserContext, Page, async_playwright

from services.console.adapters.http.app import console_app
from services.console.adapters.web_server import WebServer
from tests.fakes.console_site import BUNDLE, FakeSite, parts_for

_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_STEP_S = 0.1


@asynccontextmanager
async def chromium() -> AsyncIterator[Browser]:
    """Start Chromium: `UNS_CHROMIUM`, the one on PATH, or the one that Playwright installed."""
    found = os.environ.get("UNS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=found, args=list(_ARGUMENTS))
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class RunningConsole:
    """A console that is served, and the site behind it."""

    site: FakeSite
    server: WebServer
    serving: asyncio.Task[None]
    stepping: asyncio.Task[None]

    @property
    def url(self) -> str:
        """Where it is."""
        return f"http://127.0.0.1:{self.server.port}"

    async def stop(self) -> None:
        """Stop serving, as when the machine goes away."""
        self.stepping.cancel()
        await asyncio.gather(self.stepping, return_exceptions=True)
        await self.server.stop()
        await self.serving


@asynccontextmanager
async def running_console() -> AsyncIterator[RunningConsole]:
    """Serve the console on the lively site in memory, moving on ten times a second."""
    assert (BUNDLE / "index.html").is_file(), "the console's page is not built: make web"
    site = FakeSite(datetime.now(UTC), troubles=False)
    parts = parts_for(site, BUNDLE)
    server = WebServer(console_app(parts), host="127.0.0.1", port=0, leaving=site.live.close)
    await server.bind()

    async def step() -> None:
        while True:
            site.step(datetime.now(UTC))
            await asyncio.sleep(_STEP_S)

    running = RunningConsole(site, server, asyncio.create_task(server.serve()), asyncio.create_task(step()))
    try:
        yield running
    finally:
        await running.stop()


async def signed_in(
    context: BrowserContext, url: str, path: str, role: str = "supervisor", password: str | None = None
) -> Page:
    """Open a view and sign in as the user of a role."""
    page = await context.new_page()
    page.set_default_timeout(10_000)
    await page.goto(url + path)
    await page.fill("input[name=username]", role)
    await page.fill("input[name=password]", password or f"{role}-pw")
    await page.keyboard.press("Enter")
    await page.wait_for_selector(".live-live")
    return page
