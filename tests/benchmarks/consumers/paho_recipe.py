# pyright: reportMissingImports=false, reportMissingModuleSource=false, reportPrivateImportUsage=false
"""paho-mqtt with the usual decoding: how most Python programs read Sparkplug."""

from __future__ import annotations

from typing import Any

import paho.mqtt.client as mqtt
from measure import arguments
from recipe import Recipe

port, messages = arguments()
recipe = Recipe(messages)
client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="bench-paho")


def connected(client: Any, *_: Any) -> None:
    client.subscribe("spBv1.0/#", 0)


def received(_client: Any, _userdata: Any, message: Any) -> None:
    if recipe.take(message.topic, message.payload):
        recipe.report()


client.on_connect = connected
client.on_message = received
client.connect("127.0.0.1", port)
client.loop_forever()
