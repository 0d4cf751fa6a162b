"""One demo site for all acceptance tests that leave it as they found it, on one worker."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from namespace.runtime import SiteClient
from namespace.testing.site import RunningSite, running_site

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"


@pytest.fixture(scope="session")
def demo_site() -> Iterator[RunningSite]:
    with running_site(DEMO) as site:
        yield site


@pytest.fixture
async def site(demo_site: RunningSite) -> RunningSite:
    await demo_site.ready()
    return demo_site


@pytest.fixture
async def guest(site: RunningSite) -> AsyncIterator[SiteClient]:
    async with site.guest() as client:
        yield client
