"""The load, and every connection of a site with it, goes through the event loop of the test: it is the fast one where there is one."""

from __future__ import annotations

import asyncio

import pytest

from namespace.runtime.loop import loop_factory


class _Policy(asyncio.DefaultEventLoopPolicy):
    def new_event_loop(self) -> asyncio.AbstractEventLoop:
        make = loop_factory()
        return super().new_event_loop() if make is None else make()


@pytest.fixture(scope="session")
def event_loop_policy() -> asyncio.AbstractEventLoopPolicy:
    """Make the loops of these tests as those of the services are made."""
    return _Policy()
