"""Where something is: a path through the equipment hierarchy, and its two spellings on the wire.

Nothing else in the project takes a place apart or puts one together. The slash form
(`Acme/Dallas/Packaging/Line1`) is used in events, queries and on screens; in Sparkplug the first two levels
are the group id and the rest is the device id, joined by `:`. A path says nothing about whether such
equipment exists: that is the hierarchy's business.
"""

from __future__ import annotations

from dataclasses import dataclass

from namespace.isa95.level import LEVEL_NAME_RULE, EquipmentLevel, is_level_name

SITE_DEVICE_ID = "_Site"
"""The Sparkplug device id of the site as a whole; no level name starts with `_`, so it collides with none."""

_SEPARATOR = ":"


class EquipmentPathError(ValueError):
    """A text or a pair of Sparkplug ids is no path, or the path has not the level that was asked of it."""


@dataclass(frozen=True, slots=True, order=True)
class EquipmentPath:
    """A place in the role-based equipment hierarchy, such as `Acme/Dallas/Packaging/Line1/Filler`.

    Attributes:
        parts: one to five level names, the enterprise first.

    Raises:
        EquipmentPathError: no parts, more than five, or one that is not a level name.
    """

    parts: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.parts) <= EquipmentLevel.WORK_UNIT.depth:
            raise EquipmentPathError(
                f"{'/'.join(self.parts)!r} has {len(self.parts)} levels; a path has 1 (enterprise) to 5 (work unit)"
            )
        for part in self.parts:
            if not is_level_name(part):
                raise EquipmentPathError(
                    f"{part!r} in {'/'.join(self.parts)!r} is not a level name ({LEVEL_NAME_RULE})"
                )

    @classmethod
    def parse(cls, text: str) -> EquipmentPath:
        """Read the slash form.

        Args:
            text: level names joined by `/`, the enterprise first.

        Raises:
            EquipmentPathError: `text` is not such a path; the message names the offending part.
        """
        return cls(tuple(text.split("/")))

    @classmethod
    def from_sparkplug(cls, group_id: str, device_id: str | None) -> EquipmentPath:
        """Read a place from the ids under which MES edge nodes publish.

        Args:
            group_id: `<Enterprise>:<Site>`.
            device_id: `<Area>[:<WorkCenter>[:<WorkUnit>]]`; `_Site` or None for the site itself.

        Raises:
            EquipmentPathError: the ids do not follow that form (a foreign edge node's never need to).
        """
        site = tuple(group_id.split(_SEPARATOR))
        if len(site) != EquipmentLevel.SITE.depth:
            raise EquipmentPathError(f"group id {group_id!r} is not of the form <Enterprise>:<Site>")
        if device_id is None or device_id == SITE_DEVICE_ID:
            return cls(site)
        return cls(site + tuple(device_id.split(_SEPARATOR)))

    @property
    def level(self) -> EquipmentLevel:
        """The level of the equipment at the end of the path."""
        return EquipmentLevel.at_depth(len(self.parts))

    @property
    def name(self) -> str:
        """The last level name."""
        return self.parts[-1]

    @property
    def parent(self) -> EquipmentPath | None:
        """The path one level up, or None for an enterprise."""
        return EquipmentPath(self.parts[:-1]) if len(self.parts) > 1 else None

    @property
    def enterprise(self) -> str:
        """The enterprise's name."""
        return self.parts[0]

    @property
    def site(self) -> str | None:
        """The site's name, or None above a site."""
        return self._name_at(EquipmentLevel.SITE)

    @property
    def area(self) -> str | None:
        """The area's name, or None above an area."""
        return self._name_at(EquipmentLevel.AREA)

    @property
    def work_center(self) -> str | None:
        """The work center's name, or None above a work center."""
        return self._name_at(EquipmentLevel.WORK_CENTER)

    @property
    def work_unit(self) -> str | None:
        """The work unit's name, or None above a work unit."""
        return self._name_at(EquipmentLevel.WORK_UNIT)

    @property
    def site_path(self) -> EquipmentPath:
        """The path of the site this place is in.

        Raises:
            EquipmentPathError: the path is an enterprise.
        """
        path = self.ancestor(EquipmentLevel.SITE)
        if path is None:
            raise EquipmentPathError(f"{self} is an enterprise; it is in no site")
        return path

    @property
    def work_center_path(self) -> EquipmentPath | None:
        """The path of the work center this place is or is in, or None above a work center."""
        return self.ancestor(EquipmentLevel.WORK_CENTER)

    @property
    def group_id(self) -> str:
        """The Sparkplug group id of the site, `<Enterprise>:<Site>`.

        Raises:
            EquipmentPathError: the path is an enterprise.
        """
        return _SEPARATOR.join(self.site_path.parts)

    @property
    def device_id(self) -> str:
        """The Sparkplug device id, `<Area>[:<WorkCenter>[:<WorkUnit>]]`, or `_Site` for a site.

        Raises:
            EquipmentPathError: the path is an enterprise.
        """
        below = self.parts[len(self.site_path.parts) :]
        return _SEPARATOR.join(below) if below else SITE_DEVICE_ID

    def ancestor(self, level: EquipmentLevel) -> EquipmentPath | None:
        """This place or the one above it that is at `level`; None if `level` lies below this place."""
        return EquipmentPath(self.parts[: level.depth]) if level.depth <= len(self.parts) else None

    def child(self, name: str) -> EquipmentPath:
        """The path one level down.

        Args:
            name: a level name.

        Raises:
            EquipmentPathError: `name` is not a level name, or this is a work unit already.
        """
        return EquipmentPath((*self.parts, name))

    def is_within(self, other: EquipmentPath) -> bool:
        """Whether this place is `other` or somewhere below it."""
        return self.parts[: len(other.parts)] == other.parts

    def __str__(self) -> str:
        return "/".join(self.parts)

    def _name_at(self, level: EquipmentLevel) -> str | None:
        return self.parts[level.depth - 1] if level.depth <= len(self.parts) else None
