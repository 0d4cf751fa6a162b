"""How an entry looks from outside: one retained topic with one JSON document, and events at their place."""

from __future__ import annotations

import json
from functools import lru_cache
from urllib.parse import quote

from namespace.contracts.json_value import iso_ms, json_value
from namespace.isa95 import SITE_DEVICE_ID, EquipmentPath
from services.namespace_state.domain.entry import Address, Entry

HIDDEN = ("EventLog/Events", "Command/Request", "Command/Response")
"""Messages in the form of a metric: events have topics of their own, commands are nobody else's business."""


_LEVELS = 10_000


def is_projected(entry: Entry) -> bool:
    """Return whether an entry has a topic."""
    return not entry.name.endswith(HIDDEN)


def topic_of(root: str, address: Address) -> str:
    """Return the topic of an address.

    Args:
        root: `uns/v1/<Enterprise>/<Site>`.
        address: Where the value stands.
    """
    metric = "/".join(_escaped(level) for level in address.metric.split("/"))
    if address.place is not None:
        return f"{place_root(root, address.place)}/{metric}"
    source = address.source
    ids = () if source is None else (source.group_id, source.edge_node_id, source.device_id)
    return "/".join((root, "_unplaced", *(_escaped(part) for part in ids if part), metric))


def place_root(root: str, place: EquipmentPath) -> str:
    """Return the topic below which everything about a place stands; the site itself is `_Site`."""
    below = place.parts[2:]
    return "/".join((root, *(below or (SITE_DEVICE_ID,))))


def document_of(entry: Entry) -> bytes:
    """Return the JSON document of an entry (contract `ProjectedValue`)."""
    address = entry.address
    return json.dumps(
        {
            "value": json_value(entry.value, entry.datatype),
            "unit": entry.unit,
            "quality": int(entry.quality) if entry.quality in {0, 192, 500} else 0,
            "timestamp": iso_ms(entry.timestamp_ms),
            "source": str(entry.source),
            "place": None if address.place is None else str(address.place),
            "metric": address.metric,
        },
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode()


@lru_cache(_LEVELS)
def _escaped(level: str) -> str:
    """Percent-escape what a topic level may not hold, or what would read as one of ours."""
    escaped = quote(level, safe=" :()[]{}@!$&'*,;=~.-_äöüÄÖÜß").replace("+", "%2B")
    if escaped.startswith("_") or not escaped:
        return f"%5F{escaped[1:]}" if escaped else "%00"
    return escaped
