"""The replay's two ways into a site: commands to `work_order` as a guest, states of the work centers as an edge node.

Both are what anybody else has: no way in that a person at the console or a gateway on the shop floor would not take.
"""

from collections.abc import Iterable

from namespace.contracts.command import Command, CommandStatus
from namespace.contracts.event_log import LogPage
from namespace.contracts.event_wire import page_from_json
from namespace.runtime.client import SiteClient
from namespace.runtime.errors import NoAnswer, NotConnected
from namespace.sparkplug import DataType, MetricDefinition
from services.simulator.adapters.controller import tag
from services.simulator.application.replay import IN_WORK
from services.simulator.domain.packml import Mode, State
from services.simulator.domain.replay import CommandStep
from services.simulator.domain.tags import MODE, STATE
from services.simulator.ports import Answer, Unanswered

WORK_ORDER = "work_order"
GROUP_ID = "JobShop"
EDGE_NODE_ID = "Shop-PLC"
_PATIENCE_S = 120.0
_PAGE_ROWS = 200
_PAGE_TRIES = 12


class WorkOrderDesk:
    """Sends the commands of a replay to `work_order`.

    Args:
        client: A guest that may command `work_order`.
    """

    def __init__(self, client: SiteClient) -> None:
        self._client = client

    async def send(self, step: CommandStep) -> Answer:
        """Send one command, again and again until it is answered.

        Raises:
            Unanswered: Nobody answered for two minutes.
        """
        command = Command(
            command_id=step.command_id,
            name=step.name,
            subject=step.subject,
            args=step.args,
            actor=step.actor,
            issued_at=step.at,
        )
        try:
            response = await self._client.commands.send(WORK_ORDER, command, timeout_s=_PATIENCE_S)
        except NoAnswer as error:
            raise Unanswered(str(error)) from error
        return Answer(response.status is CommandStatus.DONE, response.code, response.message)

    async def read_events(self, from_seq: int) -> LogPage:
        """Read a page of the event log.

        Args:
            from_seq: First sequence number.

        Raises:
            Unanswered: Nobody answered.
        """
        try:
            page = await self._client.queries.ask(
                WORK_ORDER, "events", {"from": from_seq, "limit": _PAGE_ROWS}, tries=_PAGE_TRIES
            )
        except (NoAnswer, NotConnected) as error:
            raise Unanswered(str(error) or "there is no connection to the broker") from error
        return page_from_json(page.data)


class CountingBdSeq:
    """Numbers the connections of a gateway without a memory: from an arbitrary number on, one by one.

    Args:
        first: Where to begin, for example the seconds of the clock.
    """

    def __init__(self, first: int) -> None:
        self._next = first % 256

    async def __call__(self) -> int:
        """Number the next connection, 0 to 255."""
        number, self._next = self._next, (self._next + 1) % 256
        return number


def shop_devices(work_centers: Iterable[str], at_ms: int) -> dict[str, list[MetricDefinition]]:
    """Define one device for each work center, at rest.

    Args:
        work_centers: Level names.
        at_ms: Since when, milliseconds since the epoch.
    """
    return {
        name: [
            tag(STATE, DataType.Int32, int(State.IDLE), at_ms),
            tag(MODE, DataType.Int32, int(Mode.PRODUCTION), at_ms),
            tag(IN_WORK, DataType.Int32, 0, at_ms),
        ]
        for name in work_centers
    }
