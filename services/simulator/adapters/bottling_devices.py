"""The devices of a bottling line: which tags with which data types and units."""

from namespace.sparkplug import DataType, MetricDefinition
from services.simulator.adapters.controller import tag
from services.simulator.domain import BottlingLine, MachineProfile
from services.simulator.domain.tags import (
    BLOCKED,
    DEFECTIVE,
    MODE,
    PROCESS_FOLDER,
    PROCESSED,
    SPEED,
    STARVED,
    STATE,
    STOP_REASON,
)

DESIGN_SPEED = "Status/MachDesignSpeed"
_PIECES = "H87"
_PER_MINUTE = "C94"
_COUNTERS = {16: DataType.UInt16, 32: DataType.UInt32}


def bottling_devices(line: BottlingLine) -> dict[str, list[MetricDefinition]]:
    """Define the devices of a line as they stand now.

    Args:
        line: The line; its births carry what it shows.
    """
    return {machine.name: _tags(line, machine) for machine in line.profile.machines}


def _tags(line: BottlingLine, machine: MachineProfile) -> list[MetricDefinition]:
    counter = _COUNTERS[machine.counter_bits]
    design_speed = round(60_000 / machine.cycle_ms, 1)
    kinds: dict[str, tuple[DataType, str | None]] = {
        STATE: (DataType.Int32, None),
        MODE: (DataType.Int32, None),
        SPEED: (DataType.Double, _PER_MINUTE),
        PROCESSED: (counter, _PIECES),
        DEFECTIVE: (counter, _PIECES),
        STOP_REASON: (DataType.Int32, None),
        BLOCKED: (DataType.Boolean, None),
        STARVED: (DataType.Boolean, None),
    }
    for value in machine.process_values:
        kinds[PROCESS_FOLDER + value.tag] = (DataType.Double, value.unit)
    shown = line.shown(machine.name)
    definitions = [tag(name, kind, shown[name], line.now_ms, unit) for name, (kind, unit) in kinds.items()]
    return [*definitions, tag(DESIGN_SPEED, DataType.Double, design_speed, line.now_ms, _PER_MINUTE)]
