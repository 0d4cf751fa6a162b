"""The device of a batch reactor: which tags with which data types and units."""

from namespace.sparkplug import DataType, MetricDefinition
from services.simulator.adapters.controller import tag
from services.simulator.domain.reactor import BatchReactor
from services.simulator.domain.reactor import tags as names
from services.simulator.domain.reactor.instruments import INSTRUMENTS

_KILOGRAM = "KGM"
_KINDS: dict[str, tuple[DataType, str | None]] = {
    names.STATE: (DataType.Int32, None),
    names.MODE: (DataType.Int32, None),
    names.REASON: (DataType.Int32, None),
    names.BATCH_ID: (DataType.String, None),
    names.RECIPE: (DataType.String, None),
    names.PHASE: (DataType.String, None),
    names.PHASE_TIME: (DataType.Int32, "SEC"),
    names.DISPOSITION: (DataType.String, None),
    names.LOT_A: (DataType.String, None),
    names.LOT_B: (DataType.String, None),
    names.LOT_OUT: (DataType.String, None),
    names.INTERVENTION: (DataType.String, None),
    names.SET_POINT: (DataType.Double, "CEL"),
    names.TOTAL_A: (DataType.Double, _KILOGRAM),
    names.TOTAL_B: (DataType.Double, _KILOGRAM),
    names.TOTAL_OUT: (DataType.UInt32, _KILOGRAM),
    names.TOTAL_OFF_SPEC: (DataType.UInt32, _KILOGRAM),
    names.TEMPERATURE_HIGH: (DataType.Boolean, None),
    names.FLOW_LOW: (DataType.Boolean, None),
    **{name: (DataType.Double, instrument.unit) for name, instrument in INSTRUMENTS.items()},
}


def reactor_devices(reactor: BatchReactor) -> dict[str, list[MetricDefinition]]:
    """Define the device of a reactor as it stands now.

    Args:
        reactor: The reactor; its births carry what it shows.
    """
    unit = reactor.profile.name
    shown = reactor.shown(unit)
    return {unit: [tag(name, kind, shown[name], reactor.now_ms, code) for name, (kind, code) in _KINDS.items()]}
