# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""mqtt-spb-wrapper's SCADA entity, which keeps the state of the devices of one group. It knows no alias, so it is given names."""

from __future__ import annotations

import itertools
import threading
from typing import Any

from measure import Measurement, arguments, canonical, state_checksum
from mqtt_spb_wrapper import MqttSpbEntityScada

port, messages = arguments()
measurement = Measurement()
taken = itertools.count(1)
finished = threading.Event()


def data(topic: Any, _payload: Any) -> None:
    if topic.message_type != "DDATA":
        return
    if not measurement.has_begun:
        measurement.begin()
    if next(taken) == messages:
        measurement.end()
        finish()


def finish() -> None:
    measurement.report(
        messages,
        state_checksum(
            (f"Bench/{node_name}/{device_name}", name, canonical(plain(metric.value), metric.timestamp))
            for node_name, node in scada.entities_eon.items()
            for device_name, device in node.entities_eond.items()
            for name, metric in {name: device.data[name] for name in device.data.get_names()}.items()
        ),
    )


def plain(value: Any) -> Any:
    return value[-1] if isinstance(value, list) else value


scada = MqttSpbEntityScada("Bench", "bench-scada", callback_data=data)
scada.connect("127.0.0.1", port)
finished.wait()
