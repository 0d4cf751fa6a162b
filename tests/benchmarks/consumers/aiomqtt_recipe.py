# pyright: reportMissingImports=false, reportMissingModuleSource=false
"""aiomqtt with the usual decoding."""

from __future__ import annotations

import asyncio

import aiomqtt
from measure import arguments
from recipe import Recipe


async def main() -> None:
    port, messages = arguments()
    recipe = Recipe(messages)
    async with aiomqtt.Client("127.0.0.1", port, identifier="bench-aiomqtt") as client:
        await client.subscribe("spBv1.0/#")
        async for message in client.messages:
            if recipe.take(str(message.topic), bytes(message.payload)):
                recipe.report()


asyncio.run(main())
