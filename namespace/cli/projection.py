"""The JSON projection as the `uns` command reads it: which topics belong to a place, and what a message on one says."""

from __future__ import annotations

import json
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from pydantic import ValidationError

from namespace.cli.errors import CliError
from namespace.contracts.namespace_state import ProjectedValue
from namespace.contracts.query import SiteTopics
from namespace.isa95 import SITE_DEVICE_ID, EquipmentPath, SiteModel, UnknownEquipmentError
from namespace.transport import Message

_EVENT = "_event"


@dataclass(frozen=True, slots=True)
class Shown:
    """What one message of the projection says.

    Attributes:
        topic: Its topic.
        value: The metric's value; None for an event or where the topic was cleared.
        event: The event's row as JSON; None for a metric.
    """

    topic: str
    value: ProjectedValue | None = None
    event: dict[str, Any] | None = None


def find_place(site: SiteModel, text: str | None) -> EquipmentPath:
    """Return the place a person means; the site where nothing is given.

    Args:
        site: The site.
        text: `Acme/Dallas/Packaging/Line1`, or from below the site: `Packaging/Line1`.

    Raises:
        CliError: There is none; the text suggests one.
    """
    if text is None or text.strip("/") in {"", str(site.path)}:
        return site.path
    try:
        return site.equipment.find(text.strip("/")).path
    except UnknownEquipmentError as error:
        raise CliError(str(error), where=str(site.path), remedy="`uns tree` shows every place.") from None


def place_filters(site: SiteModel, place: EquipmentPath) -> tuple[str, ...]:
    """Return the filters of everything the projection says about `place` and below."""
    topics = SiteTopics(site.path)
    if place == site.path:
        return topics.projection(area.name for area in site.equipment.children(site.path))
    return ("/".join((topics.root, *place.parts[2:], "#")),)


def read_message(message: Message) -> Shown | None:
    """Return what a message of the projection says; None for one that is none of ours."""
    if f"/{_EVENT}/" in message.topic:
        document = _json(message.payload)
        return Shown(message.topic, event=document) if document is not None else None
    if not message.payload:
        return Shown(message.topic)
    try:
        return Shown(message.topic, value=ProjectedValue.model_validate_json(message.payload))
    except ValidationError:
        return None


def unplaced_node(topic: str) -> str | None:
    """Return `group/node` where the topic belongs to a node without a place."""
    levels = topic.split("/")
    return "/".join(levels[5:7]) if levels[4] == "_unplaced" else None


def is_wanted(metric: str, globs: list[str] | None) -> bool:
    """Return whether a metric's name fits one of the globs; every name does where there is none."""
    return not globs or any(fnmatchcase(metric, glob) for glob in globs)


def short_place(site: EquipmentPath, place: str | None) -> str:
    """Return a place from below the site; `_Site` for the site itself."""
    if place is None:
        return "unplaced"
    return place.removeprefix(f"{site}/") if place != str(site) else SITE_DEVICE_ID


def _json(payload: bytes) -> dict[str, Any] | None:
    try:
        document = json.loads(payload)
    except ValueError:
        return None
    return document if isinstance(document, dict) else None
