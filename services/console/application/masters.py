"""What the pages of work masters ask for, put together from the queries of `work_order`: the list, one work master's versions."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any

from services.console.application.spelling import page_spelling
from services.console.application.work import order_json
from services.console.domain.states import JsonValue
from services.console.ports import Answers, NotAskable

_SERVICE = "work_order"
_VERSIONS_AT_MOST = 2_000
_ORDERS_AT_MOST = 200
_OPEN: list[JsonValue] = ["NotAllowedToStart", "AllowedToStart", "Running", "Interrupted"]


async def work_masters(work: Answers, search: str, at: datetime) -> dict[str, Any]:
    """Return work masters, each by the version that is in force, or by its newest where none is.

    Args:
        work: Asks `work_order`.
        search: Only those with this text in id, material or description; empty for all.
        at: The instant that decides what is in force, UTC.

    Raises:
        NotAnswered: The service is silent.
        NotAskable: It cannot answer that.
    """
    wanted = {"search": search or None, "brief": True, "limit": 200}
    (versions, is_cut), (in_force, _) = await asyncio.gather(
        _versions(work, wanted), _versions(work, {**wanted, "in_force_at": at.isoformat()})
    )
    chosen = {each["id"]: each["version"] for each in in_force}
    items = []
    for master_id, group in groupby(versions, key=lambda each: each["id"]):
        its = list(group)
        shown = next((each for each in its if each["version"] == chosen.get(master_id)), its[-1])
        items.append(
            {
                **page_spelling(shown),
                "inForce": chosen.get(master_id),
                "newest": {"version": its[-1]["version"], "state": its[-1]["state"]},
                "versions": len(its),
            }
        )
    return {"items": items, "cut": is_cut}


async def work_master(
    work: Answers, master_id: str, at: datetime, *, version: int | None, against: int | None
) -> dict[str, Any]:
    """Return one work master: all its versions, one of them whole, and the open job orders that were made from it.

    Args:
        work: Asks `work_order`.
        master_id: Which one.
        at: The instant that decides what is in force, UTC.
        version: The one to show whole; by default the one in force, else the newest.
        against: Another one to show whole beside it.

    Raises:
        NotAnswered: The service is silent.
        NotAskable: There is no such work master or version.
    """
    of_it = {"id": master_id, "brief": True, "limit": 200}
    (versions, _), (in_force, _), orders = await asyncio.gather(
        _versions(work, of_it),
        _versions(work, {**of_it, "in_force_at": at.isoformat()}),
        work.ask(
            _SERVICE,
            "job_orders",
            {"work_master": master_id, "state": _OPEN, "limit": _ORDERS_AT_MOST},
            most=_ORDERS_AT_MOST,
        ),
    )
    current = in_force[0]["version"] if in_force else None
    shown, other = await asyncio.gather(_whole(work, master_id, version or current), _other(work, master_id, against))
    rows = orders.data if isinstance(orders.data, list) else []
    return {
        "id": master_id,
        "versions": page_spelling(versions[::-1]),
        "inForce": current,
        "shown": shown,
        "against": other,
        "orders": [order_json(document) for document in rows if isinstance(document, dict)],
        "ordersCut": orders.cursor is not None,
    }


async def _versions(work: Answers, args: Mapping[str, Any]) -> tuple[Sequence[Any], bool]:
    """Return versions by id and number, and whether there are more than are ever shown."""
    answer = await work.ask(_SERVICE, "work_masters", args, most=_VERSIONS_AT_MOST)
    return (answer.data if isinstance(answer.data, list) else []), answer.cursor is not None


async def _whole(work: Answers, master_id: str, version: int | None) -> Any:
    answer = await work.ask(_SERVICE, "work_master", {"id": master_id, "version": version}, most=1)
    return page_spelling(answer.data)


async def _other(work: Answers, master_id: str, version: int | None) -> Any:
    """Return the version to compare with; None where none is asked for, or a link names one that never was."""
    if version is None:
        return None
    try:
        return await _whole(work, master_id, version)
    except NotAskable:
        return None
