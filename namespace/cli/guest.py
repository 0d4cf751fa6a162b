"""The `uns` command as a guest of a site: which site, the way in, and what a person is told when there is none.

Commands that only look at files do not come here. Nothing is started or stopped: a guest asks, commands services and listens.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import structlog
from pydantic import BaseModel

from namespace.cli.errors import CliError
from namespace.contracts.offered import offered_commands
from namespace.contracts.registry import SERVICES
from namespace.isa95 import SiteModel
from namespace.runtime.client import SiteClient
from namespace.runtime.errors import NoAnswer, NotConnected, QueryFailed
from namespace.runtime.settings import SettingsError, read_settings
from namespace.servers.folder import DataFolder
from namespace.servers.settings import data_dir
from namespace.servers.site import read_site
from namespace.servers.site_state import SiteState, read_state
from namespace.transport import BrokerUrl, BrokerUrlError
from namespace.transport.stream import StreamTransport

Result = TypeVar("Result")

_CONNECT_S = 5.0


@dataclass(frozen=True, slots=True)
class WayIn:
    """How to get into a site.

    Attributes:
        site: The site file, loaded.
        broker: With the guest's account.
    """

    site: SiteModel
    broker: BrokerUrl


def _transport(broker: BrokerUrl) -> StreamTransport:
    client_id = f"uns-{os.getpid()}-{secrets.token_hex(3)}"
    try:
        allowed = read_settings(_GuestSettings).allow_plaintext
        return StreamTransport(broker, client_id=client_id, allow_plaintext=allowed)
    except (BrokerUrlError, SettingsError) as error:
        raise CliError(
            str(error),
            where=str(broker),
            remedy="On a private network set UNS_ALLOW_PLAINTEXT=true, as for the services.",
        ) from error


class _GuestSettings(BaseModel):
    """The one setting that guests share with services."""

    allow_plaintext: bool = False


class Guest:
    """One guest session; say what to listen to, then enter `connected`.

    Args:
        way_in: Where to.
    """

    def __init__(self, way_in: WayIn) -> None:
        self.site = way_in.site
        self._broker = way_in.broker
        account = way_in.broker.username or "guest"
        commanded = frozenset(contract.service for contract in SERVICES if offered_commands(contract))
        self.client = SiteClient(_transport(way_in.broker), way_in.site.path, account, commands=commanded)

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[None]:
        """Keep the session up while the context is open.

        Raises:
            CliError: There is no way into the site's broker; the text says why.
        """
        is_in = False
        try:
            async with self.client.connected(timeout_s=_CONNECT_S):
                is_in = True
                yield
        except BaseExceptionGroup as group:
            error = _innermost(group)
            if isinstance(error, NoAnswer) and not is_in:
                raise self._no_way_in() from None
            raise error from None

    def _no_way_in(self) -> CliError:
        why = "; ".join(self.client.health.reasons.values()) or "the broker does not answer"
        refused = "refused" in why
        remedy = (
            "Check account and password (`uns account list`); the accounts of a running site are in its data folder."
            if refused
            else "Is the site running (`uns status`)?"
        )
        return CliError(why.removeprefix("no broker session: "), where=str(self._broker), remedy=remedy)


def running_site() -> SiteState:
    """Return the site that runs on the data folder.

    Raises:
        CliError: There is none; the text tells a missing folder from a stopped site.
    """
    folder = data_dir()
    if not folder.is_dir():
        raise CliError(
            "there is no site here",
            where=str(folder),
            remedy="Name its data folder with UNS_DATA_DIR=/path/to/.uns, or start one with `uns up`.",
        )
    state = read_state(DataFolder(folder))
    if state is None:
        raise CliError("the site is not running", where=str(folder), remedy="Start it with `uns up`.")
    return state


def find_way_in() -> WayIn:
    """Return the way into the site of the data folder, or into the one that UNS_BROKER_URL and UNS_SITE_FILE name.

    Raises:
        CliError: There is none.
        ServerError: The site file cannot be used.
    """
    given = os.environ.get("UNS_BROKER_URL", "")
    try:
        state = running_site()
    except CliError:
        if "@" not in given or "UNS_SITE_FILE" not in os.environ:
            raise
        return WayIn(read_site(Path(os.environ["UNS_SITE_FILE"])), _broker_url(given, "UNS_BROKER_URL"))
    path = DataFolder(data_dir()).run / "cli" / "broker_url"
    try:
        text = path.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        raise CliError("the site is still starting", where=str(path), remedy="Try again in a moment.") from None
    except OSError as error:
        raise CliError(
            f"you may not use this site's account ({error.strerror})",
            where=str(path),
            remedy="Run it as the user who started the site, or set UNS_BROKER_URL and UNS_SITE_FILE with an account of "
            "your own (`uns account add`).",
        ) from error
    return WayIn(read_site(Path(state.site_file or "")), _broker_url(text, str(path)))


def visit(work: Callable[[Guest], Coroutine[Any, Any, Result]]) -> Result:
    """Run `work` with a guest of the site and return what it returns.

    Args:
        work: Takes the guest, listens where it wants to, then enters `guest.connected()`.

    Raises:
        CliError: For everything a person can put right: no site, no broker, no answer, a refused question.
    """
    way_in = find_way_in()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))

    async def run() -> Result:
        return await work(Guest(way_in))

    try:
        return asyncio.run(run())
    except NoAnswer as error:
        raise CliError(
            f"no answer from {error.asked} within {error.waited_s:g} s",
            where=str(way_in.broker),
            remedy="See `uns status`: the service may be down, or this account may not ask it.",
        ) from None
    except NotConnected:
        raise CliError("the broker was lost", where=str(way_in.broker), remedy="See `uns status`, try again.") from None
    except QueryFailed as error:
        raise CliError(error.message, where=error.code, remedy="Change the arguments; `--list` names them.") from None


@asynccontextmanager
async def until_interrupted() -> AsyncIterator[asyncio.Event]:
    """Give an event that Ctrl-C and SIGTERM set, so that what follows for ever ends in order."""
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stopped.set)
    try:
        yield stopped
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _broker_url(text: str, where: str) -> BrokerUrl:
    try:
        return BrokerUrl.parse(text)
    except BrokerUrlError as error:
        raise CliError(str(error), where=where, remedy="Write it as mqtt://account:password@host:port.") from error


def _innermost(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """Return the exception that a task group wrapped; the first where there are several."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
