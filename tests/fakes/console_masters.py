"""Work masters in memory, as `work_order` answers about them and lets them be used or not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from services.console.ports import Answer
from tests.fakes.console_plant import PRODUCTS

LEMON, ORANGE, WATER, _ = PRODUCTS

_FILLED = {
    "id": "FILL",
    "description": "Fill and close",
    "equipment_class": "BottlingLine",
    "personnel_class": "Filler operator",
    "setup_s": "600",
    "run_s": "0.5",
    "output_per_unit": "1",
    "materials": [
        {
            "material": "PREFORM-24",
            "use": "Consumed",
            "quantity": "1",
            "unit": "H87",
            "under_tolerance": None,
            "over_tolerance": "0.02",
        },
        {
            "material": "SYRUP-LEMON",
            "use": "Consumed",
            "quantity": "0.081",
            "unit": "LTR",
            "under_tolerance": "0.01",
            "over_tolerance": "0.01",
        },
        {
            "material": "CULLET",
            "use": "By-product Produced",
            "quantity": "0.002",
            "unit": "KGM",
            "under_tolerance": None,
            "over_tolerance": None,
        },
    ],
    "predecessors": [],
    "quantity_source": "counter",
    "operator_declares": False,
    "begins_by": "command",
    "completes_by": "target",
    "over_tolerance": "0.1",
    "under_tolerance": None,
}
_LABELED = {
    **_FILLED,
    "id": "LABEL",
    "description": "Wrap-around label",
    "setup_s": "300",
    "run_s": "0.48",
    "materials": [],
    "predecessors": [{"operation": "FILL", "rule": "Overlap", "quantity": "200"}],
}
_PACKED = {
    **_FILLED,
    "id": "PACK",
    "description": "Cases of 24",
    "equipment_class": "Packer",
    "personnel_class": None,
    "setup_s": None,
    "materials": [],
    "predecessors": [{"operation": "LABEL", "rule": "FinishStart", "quantity": None}],
    "quantity_source": "operator",
}


def _version(master_id: str, version: int, state: str, *operations: Mapping[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "id": master_id,
        "version": version,
        "state": state,
        "description": "",
        "material": None,
        "unit": "H87",
        "operations": [dict(operation) for operation in operations],
        "effective_from": None,
        "effective_until": None,
        "stored_at": "2026-03-01T06:00:00.000Z",
        **more,
    }


def _some() -> list[dict[str, Any]]:
    lemon = {"description": "Lemon 0.5 l, case of 24", "material": "LEMON-500"}
    faster = {**_FILLED, "run_s": "0.45", "personnel_class": "Line lead"}
    return [
        _version(LEMON, 1, "Retired", _FILLED, _PACKED, **lemon),
        _version(LEMON, 2, "Active", _FILLED, _LABELED, _PACKED, **lemon),
        _version(LEMON, 3, "Stored", faster, _LABELED, **lemon, effective_from="2031-01-01T06:00:00.000Z"),
        _version(ORANGE, 1, "Active", _FILLED, description="Orange 0.5 l", effective_until="2020-01-01T00:00:00.000Z"),
        _version(WATER, 1, "Stored", _FILLED, description="Still water 0.75 l", material="WATER-750"),
    ]


@dataclass
class FakeMasters:
    """Versions of work masters, by id and number."""

    versions: list[dict[str, Any]] = field(default_factory=_some)

    def listed(self, args: Mapping[str, Any]) -> Answer:
        """Answer `work_masters`."""
        at, search = args.get("in_force_at"), (args.get("search") or "").lower()
        found = [
            each
            for each in self.versions
            if args.get("id") in {None, each["id"]}
            and search in f"{each['id']} {each['material'] or ''} {each['description']}".lower()
            and (at is None or each["version"] == self._in_force(each["id"], at))
        ]
        start = int(args.get("cursor") or 0)
        page = found[start : start + 2]
        brief: list[Any] = [
            {key: value for key, value in each.items() if key != "operations"}
            | {"operation_count": len(each["operations"])}
            for each in page
        ]
        return Answer(brief, str(start + 2) if start + 2 < len(found) else None)

    def whole(self, args: Mapping[str, Any]) -> dict[str, Any] | None:
        """Answer `work_master`; None where there is no such version."""
        its = [each for each in self.versions if each["id"] == args["id"]]
        if args.get("version") is None:
            return its[-1] if its else None
        return next((each for each in its if each["version"] == args["version"]), None)

    def change(self, master_id: str, version: int, source: str, target: str) -> str | None:
        """Let a version be in another state; returns why it may not."""
        master = self.whole({"id": master_id, "version": version})
        if master is None:
            return f"work master {master_id!r} has no version {version}"
        if master["state"] != source:
            return f"version {version} of work master {master_id} is {master['state']}: this needs {source}"
        master["state"] = target
        return None

    def _in_force(self, master_id: str, at: str) -> int | None:
        usable = [
            each["version"]
            for each in self.versions
            if each["id"] == master_id
            and each["state"] == "Active"
            and (each["effective_from"] is None or each["effective_from"] <= at)
            and (each["effective_until"] is None or each["effective_until"] > at)
        ]
        return max(usable, default=None)
