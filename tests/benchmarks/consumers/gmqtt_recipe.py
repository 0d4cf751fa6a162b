# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""gmqtt with the usual decoding."""

from __future__ import annotations

import asyncio
from typing import Any

import gmqtt
from measure import arguments
from recipe import Recipe


async def main() -> None:
    port, messages = arguments()
    recipe = Recipe(messages)
    client = gmqtt.Client("bench-gmqtt")

    def received(_client: Any, topic: str, payload: bytes, _qos: int, _properties: Any) -> int:
        if recipe.take(topic, payload):
            recipe.report()
        return 0

    def connected(client: Any, *_: Any) -> None:
        client.subscribe("spBv1.0/#", qos=0)

    client.on_message = received
    client.on_connect = connected
    await client.connect("127.0.0.1", port, version=gmqtt.constants.MQTTv311)
    await asyncio.Event().wait()


asyncio.run(main())
