"""Forks of followed logs, for people: how each log stands, what was taken beyond a fork, and the way on by command."""

from __future__ import annotations

from typing import Any

from namespace.contracts.command import Command, Refused
from namespace.contracts.event_log import iso
from namespace.contracts.forks import AcceptForkArgs, BeyondForkArgs, FollowsArgs
from namespace.runtime.commands import Done
from namespace.runtime.errors import QueryFailed
from namespace.runtime.follow import Follow
from namespace.runtime.queries import Page, fit_page
from namespace.store import (
    AcceptedFork,
    Database,
    FetchFailed,
    ForkNotAcceptable,
    ForkPoint,
    TakenRow,
    Transaction,
    accepted_forks,
    taken_beyond,
)


class ForkDesk:
    """Answers the queries `follows` and `beyond_fork`, and carries out the command `AcceptFork`.

    Args:
        service: Whose forks they are, for messages.
        database: Its schema.
    """

    def __init__(self, service: str, database: Database) -> None:
        self._service = service
        self._database = database
        self._follows: dict[str, Follow] = {}

    def add(self, producer: str, follow: Follow) -> None:
        """Add one followed log."""
        self._follows[producer] = follow

    async def follows(self, _: FollowsArgs) -> Page:
        """Answer `follows`."""
        async with self._database.transaction() as tx:
            accepted = await accepted_forks(tx)
        return Page([await self._standing(producer, follow, accepted) for producer, follow in self._follows.items()])

    async def beyond(self, arguments: BeyondForkArgs) -> Page:
        """Answer `beyond_fork`: one page, in the order of the log.

        Raises:
            QueryFailed: No such log is followed.
        """
        follow = self._follows.get(arguments.producer)
        if follow is None:
            raise QueryFailed("UnknownProducer", self._unknown(arguments.producer))
        after = int(arguments.cursor) if arguments.cursor and arguments.cursor.isdigit() else arguments.fork_seq
        async with self._database.transaction() as tx:
            taken = await taken_beyond(tx, follow.inbox.producer, max(after, arguments.fork_seq), arguments.limit + 1)
        rows = [_row(each) for each in taken]
        count = min(fit_page(rows), arguments.limit)
        return Page(rows[:count], str(taken[count - 1].seq) if 0 < count < len(rows) else None)

    async def accept(self, _: Transaction, command: Command, arguments: AcceptForkArgs) -> Done:
        """Carry out `AcceptFork`, in a transaction of its own.

        Raises:
            Refused: Nothing is stopped there, no reason is given, or what the person has read is not what is there.
        """
        follow = self._follows.get(arguments.producer)
        if follow is None:
            raise Refused("UnknownProducer", self._unknown(arguments.producer))
        if not (command.reason or "").strip():
            raise Refused("NoReason", "say why: it is kept with the fork")
        if follow.forked is None:
            raise Refused(
                "NotForked", f"{self._service} follows {arguments.producer} without a fork; there is nothing to accept"
            )
        fork = await self._fork(follow, arguments.producer)
        if (fork.seq, fork.epoch) != (arguments.fork_seq, arguments.epoch):
            found = f"the fork lies behind seq {fork.seq} of epoch {fork.epoch}"
            raise Refused("ForkMoved", f"{found}, not behind seq {arguments.fork_seq} of {arguments.epoch}; read again")
        try:
            beyond = await follow.inbox.accept_fork(
                left=(arguments.left_seq, arguments.left_hash),
                fork=fork,
                actor=command.actor,
                reason=(command.reason or "").strip(),
            )
        except ForkNotAcceptable as moved:
            raise Refused("CursorMoved", f"{moved}; read again") from moved
        follow.begin_again()
        return Done(
            f"{self._service} goes on behind seq {fork.seq} of {arguments.producer}; {beyond} rows beyond it stay as they were taken",
            result={"fork_seq": fork.seq, "beyond": beyond},
        )

    async def _fork(self, follow: Follow, producer: str) -> ForkPoint:
        try:
            fork = await follow.find_fork()
        except FetchFailed as error:
            raise Refused(
                "NoAnswer", f"{producer} does not answer, so nobody knows where the fork is: {error}"
            ) from error
        if fork is None:
            message = (
                f"{self._service} shares nothing with the log of {producer} that it still remembers: restore its database to a "
                "time before the fork, or rebuild it from the log's beginning"
            )
            raise Refused("ForkTooOld", message)
        return fork

    async def _standing(self, producer: str, follow: Follow, accepted: list[AcceptedFork]) -> dict[str, Any]:
        cursor = await follow.inbox.cursor()
        fork: ForkPoint | None = None
        unknown: str | None = None
        if follow.forked is not None:
            try:
                fork = await self._fork(follow, producer)
            except Refused as refused:
                unknown = refused.message
        return {
            "producer": producer,
            "cursor": cursor.seq,
            "hash": cursor.hash,
            "epoch": None if cursor.epoch is None else str(cursor.epoch),
            "parked": cursor.parked,
            "stopped": None if follow.forked is None else str(follow.forked),
            "fork": None
            if fork is None
            else {"seq": fork.seq, "hash": fork.hash, "epoch": str(fork.epoch), "head": fork.head},
            "fork_unknown": unknown,
            "accepted": [_accepted(each) for each in accepted if each.producer == follow.inbox.producer],
        }

    def _unknown(self, producer: str) -> str:
        return f"{self._service} follows {', '.join(self._follows)}, not {producer}"


def _row(row: TakenRow) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "event_id": str(row.event_id),
        "type": row.type,
        "subject": row.subject,
        "occurred_at": iso(row.occurred_at),
        "applied_at": iso(row.applied_at),
        "parked": row.parked,
        "hash": row.hash,
    }


def _accepted(fork: AcceptedFork) -> dict[str, Any]:
    return {
        "accepted_at": iso(fork.accepted_at),
        "actor": fork.actor,
        "reason": fork.reason,
        "left_seq": fork.left_seq,
        "fork_seq": fork.fork_seq,
        "epoch": str(fork.epoch),
        "beyond": fork.beyond,
    }
