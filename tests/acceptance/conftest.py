"""One demo site for all acceptance tests that leave it as they found it, on one worker; a browser, and a console on a site in memory."""

import re
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from namespace.runtime import SiteClient
from namespace.testing.site import RunningSite, running_site
from tests.fakes.console_browser import RunningConsole, chromium, running_console

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"


def at_any_hour(site_file: Path) -> str:
    """Return a site file without meals and holidays: so no test depends on the hour."""
    text = re.sub(r", breaks: \[[^]]*\]", "", site_file.read_text(encoding="utf-8"))
    return re.sub(r"\n    exceptions:(\n      - .*)+", "", text)


@pytest.fixture(scope="session")
def demo_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSite]:
    site_file = tmp_path_factory.mktemp("demo") / DEMO.name
    site_file.write_text(at_any_hour(DEMO), encoding="utf-8")
    with running_site(site_file) as site:
        yield site


@pytest.fixture
async def site(demo_site: RunningSite) -> RunningSite:
    await demo_site.ready()
    return demo_site


@pytest.fixture
async def guest(site: RunningSite) -> AsyncIterator[SiteClient]:
    async with site.guest() as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, shared by these tests; each takes a context of its own."""
    async with chromium() as running:
        yield running


@pytest_asyncio.fixture(loop_scope="module")
async def console() -> AsyncIterator[RunningConsole]:
    """A console of the test's own."""
    async with running_console() as running:
        yield running
