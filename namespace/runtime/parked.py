"""Parked events of the logs that a service follows, for people: shown, and driven again by command."""

from __future__ import annotations

from namespace.contracts.command import Command, Refused
from namespace.contracts.event_log import iso
from namespace.contracts.event_wire import row_to_json
from namespace.contracts.parking import ParkedArgs, RedriveArgs
from namespace.runtime.commands import Done
from namespace.runtime.queries import Page, fit_page
from namespace.store import Inbox, ParkedEvent, Retry, Transaction


class ParkedDesk:
    """Answers the query `parked` and carries out the command `Redrive`.

    Args:
        service: Whose inboxes they are, for messages.
    """

    def __init__(self, service: str) -> None:
        self._service = service
        self._inboxes: dict[str, Inbox] = {}

    def add(self, producer: str, inbox: Inbox) -> None:
        """Add the inbox of one followed log."""
        self._inboxes[producer] = inbox

    async def answer(self, arguments: ParkedArgs) -> Page:
        """Answer `parked`: one page, by log and in the order of the log."""
        rows: list[dict[str, object]] = []
        for producer, inbox in self._inboxes.items():
            rows += [_row(producer, parked) for parked in await inbox.parked(arguments.limit)]
        rows = rows[: arguments.limit]
        return Page(rows[: fit_page(rows)])

    async def redrive(self, _: Transaction, command: Command, arguments: RedriveArgs) -> Done:
        """Carry out `Redrive`, in transactions of its own: what was driven stays driven, whatever becomes of the answer.

        Raises:
            Refused: No such log is followed, or the next event of the subject has to wait.
        """
        inbox = self._inboxes.get(arguments.producer)
        if inbox is None:
            known = ", ".join(self._inboxes)
            raise Refused("UnknownProducer", f"{self._service} follows {known}, not {arguments.producer}")
        try:
            driven = await inbox.redrive(command.subject)
        except Retry as later:
            raise Refused("NotNow", f"the next parked event has to wait: {later}; drive it again later") from later
        return Done(f"{driven} parked events of {command.subject} applied", result={"applied": driven})


def _row(producer: str, parked: ParkedEvent) -> dict[str, object]:
    return {
        "producer": producer,
        "event": row_to_json(parked.row),
        "reason": parked.reason,
        "parked_at": iso(parked.parked_at),
        "attempts": parked.attempts,
    }
