"""Edge nodes that wait for their primary host, in a process of their own.

`python -m tests.benchmarks.generator URL HOST NODES METRICS`. It speaks until its standard input ends, ten minutes at most.
"""

from __future__ import annotations

import asyncio
import sys

from namespace.servers.process import allow_open_files
from namespace.transport import BrokerUrl
from services.simulator.adapters.load import LoadGenerator, LoadOptions
from services.simulator.domain.load import LoadPlan

GROUP = "Storm"
_RATE, _OWN_FILES = 100.0, 200
_LONGEST_S = 600.0


async def _speak(url: str, host_id: str, nodes: int, metrics: int) -> None:
    allow_open_files(nodes + _OWN_FILES)
    plan = LoadPlan(nodes=nodes, devices=0, metrics=metrics, group_id=GROUP, seed=7)
    generator = LoadGenerator(plan, BrokerUrl.parse(url), LoadOptions(primary_host_id=host_id))
    async with generator.running():
        speaking = asyncio.create_task(generator.speak(_RATE, duration_s=_LONGEST_S))
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
        await asyncio.wait({speaking, ended}, return_when=asyncio.FIRST_COMPLETED)
        speaking.cancel()


if __name__ == "__main__":
    asyncio.run(_speak(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
