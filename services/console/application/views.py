"""The JSON a browser gets: one function a thing, so that the shape of the interface is read in one place.

Times are ISO 8601 in UTC; the page shows them in the site's zone.
"""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from services.console.application.live import LiveEvent, Upstream
from services.console.domain.accounts import User
from services.console.domain.roles import commands_of
from services.console.domain.states import MetricValue
from services.console.domain.tree import PlaceNode
from services.console.ports import (
    CommandAnswer,
    HistoryEntry,
    JobOrderDetail,
    JobOrderPage,
    JobOrderView,
    NodeView,
    ReasonView,
)


def metric_json(key: tuple[str, str], metric: MetricValue | None) -> dict[str, Any]:
    """One metric; ``gone`` when it has vanished."""
    place, name = key
    if metric is None:
        return {"place": place, "metric": name, "gone": True}
    return {
        "place": place,
        "metric": name,
        "value": metric.value,
        "unit": metric.unit,
        "quality": metric.quality,
        "timestamp": metric.timestamp,
        "source": metric.source,
    }


def place_json(node: PlaceNode) -> dict[str, Any]:
    """One place of the tree with its own and its rolled-up state."""
    own = node.own
    return {
        "path": node.path,
        "name": node.name,
        "level": node.level,
        "kind": node.kind,
        "description": node.description,
        "unit": node.unit,
        "order": node.order,
        "shown": node.shown,
        "state": own.state if own else None,
        "detail": own.detail if own else None,
        "reason": own.reason if own else None,
        "since": own.since if own else None,
        "stale": own.stale if own else False,
        "counts": node.counts,
        "metrics": len(node.metrics),
        "staleMetrics": node.stale_metrics,
    }


def event_json(event: LiveEvent) -> dict[str, Any]:
    """One live event."""
    return {
        "id": event.event_id,
        "type": event.type,
        "place": event.place,
        "subject": event.subject,
        "occurredAt": event.occurred_at,
        "producer": event.producer,
        "actor": event.actor,
        "jobOrder": event.job_order,
        "payload": event.payload,
    }


def node_json(key: str, node: NodeView | None) -> dict[str, Any]:
    """One edge node; ``gone`` when it is not known any more."""
    if node is None:
        return {"id": key, "gone": True}
    return {
        "id": key,
        "groupId": node.group_id,
        "edgeNodeId": node.edge_node_id,
        "kind": node.kind,
        "state": node.state,
        "since": instant(node.since),
        "lastSeenAt": instant(node.last_seen_at),
        "seq": node.seq,
        "bdSeq": node.bd_seq,
        "rebirths": node.rebirths,
        "devices": node.devices,
        "deadDevices": node.dead_devices,
        "metrics": node.metrics,
        "places": list(node.places),
        "version": node.version,
        "ready": node.ready,
        "reasons": list(node.reasons),
        "rejected": node.rejected,
        "conflicts": list(node.conflicts),
    }


def upstream_json(upstream: Upstream) -> dict[str, Any]:
    """Whether the console hears the namespace."""
    return {"connected": upstream.connected, "since": instant(upstream.since), "detail": upstream.detail}


def job_order_json(order: JobOrderView) -> dict[str, Any]:
    """One job order as the board shows it."""
    return {
        "id": order.id,
        "workCenter": order.work_center,
        "state": order.state,
        "subState": order.sub_state,
        "removed": order.removed,
        "possible": list(order.possible),
        "workMaster": order.work_master,
        "description": order.description,
        "priority": order.priority,
        "workRequest": order.work_request,
        "ordered": asdict(order.ordered) if order.ordered else None,
        "good": order.good,
        "scrap": order.scrap,
        "unit": order.unit,
        "plannedStart": instant(order.planned_start),
        "plannedEnd": instant(order.planned_end),
        "startedAt": instant(order.started_at),
        "endedAt": instant(order.ended_at),
        "version": order.version,
        "hold": order.hold,
    }


def job_order_page_json(page: JobOrderPage) -> dict[str, Any]:
    """A page of job orders."""
    return {"items": [job_order_json(order) for order in page.items], "cursor": page.cursor}


def job_order_detail_json(detail: JobOrderDetail) -> dict[str, Any]:
    """A job order with its history, oldest first."""
    return {
        "order": job_order_json(detail.order),
        "history": [_history_json(entry) for entry in detail.history],
    }


def answer_json(answer: CommandAnswer) -> dict[str, Any]:
    """The answer to a command."""
    return {
        "commandId": str(answer.command_id),
        "status": answer.status,
        "code": answer.code,
        "message": answer.message,
        "version": answer.version,
        "result": answer.result,
    }


def reason_json(reason: ReasonView) -> dict[str, Any]:
    """One reason for lost time."""
    return {**asdict(reason), "parents": list(reason.parents)}


def session_json(user: User, csrf_token: str, site_path: str, time_zone: str, version: str) -> dict[str, Any]:
    """The signed-in person, what they may do, and the site."""
    return {
        "user": {"id": user.user_id, "name": user.display_name, "role": user.role},
        "commands": list(commands_of(user.role)),
        "csrfToken": csrf_token,
        "site": {"path": site_path, "timeZone": time_zone},
        "version": version,
    }


def instant(at: datetime | None) -> str | None:
    """A point in time as ISO 8601 with milliseconds, or None."""
    return None if at is None else at.isoformat(timespec="milliseconds")


def _history_json(entry: HistoryEntry) -> dict[str, Any]:
    return {
        "at": instant(entry.at),
        "type": entry.type,
        "actor": entry.actor,
        "cause": entry.cause,
        "from": entry.from_state,
        "to": entry.to_state,
        "payload": entry.payload,
    }
