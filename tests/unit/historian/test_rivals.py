"""What the historian journals of two producers of one metric, and of a machine that has moved."""

from __future__ import annotations

from namespace.isa95 import SiteModel
from namespace.sparkplug import DataType, DeviceBirth, EdgeNodeDescriptor, HostEvent, MetricValue, NodeBirth, NodeDeath
from services.historian.application.recorder import Recorder
from services.historian.domain.batch import NoteKind
from services.historian.domain.tag import Tags
from tests.unit.runtime.support import SITE, small_site
from tests.unit.runtime.test_placing import FIRST, RIVAL_RULE, SECOND

PACKER = "Acme/Dallas/Packaging/Line1/Packer"


def metric(name: str, value: int | str) -> MetricValue:
    datatype = DataType.String if isinstance(value, str) else DataType.Int64
    return MetricValue(name, datatype, value, 1, False, False, None)


def birth(node: EdgeNodeDescriptor, *metrics: MetricValue, device: str | None = "Packer", at: int = 1) -> HostEvent:
    return NodeBirth(node, metrics, 1, at) if device is None else DeviceBirth(node, device, metrics, at)


def recorder(*events: HostEvent, site: SiteModel | None = None) -> Recorder:
    it = Recorder(site or small_site(SITE + RIVAL_RULE), Tags(), lambda: 9)
    it.told(events)
    return it


def test_a_second_producer_is_journaled_under_its_own_ids_and_whoever_catches_up_is_told_the_first_alone() -> None:
    state = metric("State", 6)
    it = recorder(birth(FIRST, state), birth(SECOND, state, metric("Speed", 3)), NodeDeath(SECOND, 1, 5))

    tags = it.batch.fresh.tags + it.batch.doubtful.tags
    assert {(tag.key.edge_node_id, tag.place, tag.canonical, tag.is_machine) for tag in tags} == {
        ("Line1-PLC", PACKER, "Status/StateCurrent", True),
        ("X", None, "State", False),
        ("X", PACKER, "Process/Speed", True),
    }


def test_the_death_of_a_second_producer_is_no_silence_of_the_place() -> None:
    it = recorder(birth(FIRST, metric("State", 6)), birth(SECOND, metric("State", 9)), NodeDeath(SECOND, 1, 5))

    assert [(note.kind, note.edge_node_id, note.places) for note in it.batch.notes] == [
        (NoteKind.BIRTH, "Line1-PLC", (PACKER,)),
        (NoteKind.BIRTH, "X", ()),
        (NoteKind.DEATH, "X", ()),
    ]


def test_a_place_that_a_machine_leaves_is_noted_before_its_new_one() -> None:
    """Whoever was down meanwhile learns it from the journal."""
    robot = EdgeNodeDescriptor("Cells", "Robot")
    equipment = SITE.replace("mappings:", "      Line2: {work_units: {Packer: ~}}\nmappings:")
    site = small_site(equipment + "  - {group: Cells, read: birth}\n")
    moves = [
        birth(robot, metric("ISA95/Work Center", line), metric("ISA95/Work Unit", "Packer"), device=None, at=at)
        for line, at in (("Line1", 1), ("Line2", 2))
    ]
    notes = [(note.kind, note.places, note.at_ms, note.reason) for note in recorder(*moves, site=site).batch.notes]

    assert notes[1:] == [
        (NoteKind.STALE, (PACKER,), 2, "moved"),
        (NoteKind.BIRTH, (PACKER.replace("Line1", "Line2"),), 2, ""),
    ]
