"""What the console is made of: the live picture out of the projection, job orders and nodes by query, commands, users, pages."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import urlsplit

from namespace.contracts.registry import CONSOLE
from namespace.runtime import Context, Parts, Service, Session, SystemClock, get_logger, read_settings
from namespace.store import Database, migrate
from namespace.version import VERSION
from services.console.adapters.account_tables import SessionTable, UserTable
from services.console.adapters.answers import ServiceAnswers
from services.console.adapters.demo_users import DemoUsers
from services.console.adapters.http.app import console_app
from services.console.adapters.http.parts import ConsoleParts
from services.console.adapters.node_list import NodeList
from services.console.adapters.projection import Projection
from services.console.adapters.settings import ConsoleSettings
from services.console.adapters.site import reasons_of, site_of
from services.console.adapters.web_server import WebServer
from services.console.adapters.work_orders import JobOrderQueries, ServiceCommands
from services.console.application.accounts import Accounts
from services.console.application.administration import Administration
from services.console.application.dispatch import Dispatch
from services.console.application.live import LiveNamespace

BUNDLE = Path(__file__).parent / "static" / "bundle"


def compose(context: Context) -> Parts:
    """Put the service together."""
    settings = read_settings(ConsoleSettings)
    settings.check_exposure(allow_plaintext=context.settings.allow_plaintext)
    live = LiveNamespace(site_of(context.site))
    session = Session(context.open_transport("-view"), name="projection", health=context.health)
    projection = Projection(live, context.clock)
    projection.attach(session, context.topics, _areas(context))
    nodes = NodeList(context.queries, live, context.clock)
    accounts = Accounts(UserTable(context.database), SessionTable(context.database), now=context.clock.now)
    dispatch = Dispatch(ServiceCommands(context.commands, context.clock))
    app = console_app(
        ConsoleParts(
            accounts=accounts,
            live=live,
            dispatch=dispatch,
            job_orders=JobOrderQueries(context.queries),
            nodes=nodes,
            answers=ServiceAnswers(context.queries),
            reasons=reasons_of(context.site),
            now=context.clock.now,
            bundle=BUNDLE,
            version=VERSION,
        )
    )
    context.health.not_ready("pages", "the pages are not served yet")
    server = WebServer(app, host=settings.console_host, port=settings.console_port, leaving=live.close)

    async def start() -> None:
        if settings.demo:
            await DemoUsers(context.settings.data_dir).ensure(accounts)
        await server.bind()
        context.health.ready("pages")
        get_logger().info("pages", address=f"http://{settings.console_host}:{server.port}")

    async def stop() -> None:
        await dispatch.close()
        await server.stop()
        await session.leave()

    return Parts(
        start=start,
        stop=stop,
        tasks={
            "projection": session.run,
            "vanished topics": projection.sweep,
            "nodes": nodes.keep,
            "pages": server.serve,
        },
    )


@asynccontextmanager
async def open_users(dsn: str) -> AsyncIterator[Administration]:
    """Handle the users of a site from outside the running console, as `uns user` does; what changes counts at once.

    Args:
        dsn: The console's own address at the database.

    Raises:
        DatabaseUnavailable: The database does not answer.
    """
    database = await Database.open(dsn, schema=urlsplit(dsn).username or CONSOLE.service)
    try:
        await migrate(database, SERVICE.migrations)
        accounts = Accounts(UserTable(database), SessionTable(database), now=SystemClock().now)
        yield Administration(accounts)
    finally:
        await database.close()


def _areas(context: Context) -> tuple[str, ...]:
    return tuple(area.name for area in context.site.equipment.children(context.site.path))


SERVICE = Service(CONSOLE, compose, migrations="services.console.adapters")
