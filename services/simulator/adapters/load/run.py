"""A whole load, from its numbers to a summary that can be printed.

`uns simulate load` finds `load` here by way of the service's entry point, so its arguments and its outcome are plain values and types of
`namespace`.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from namespace.transport import BrokerUrl
from services.simulator.adapters.load.generator import LoadGenerator, LoadOptions
from services.simulator.domain.load import LoadPlan, LoadTruth

_OBSERVE_S = 0.25


async def load(
    url: BrokerUrl,
    *,
    plan: Mapping[str, Any],
    rate: float,
    duration_s: float,
    messages: int | None,
    primary_host_id: str | None,
    resend_window_s: float | None,
    truth_file: Path | None,
    born_within_s: float,
    observe: Callable[[int, int, int], None],
) -> Mapping[str, Any]:
    """Put a broker under the load of many edge nodes.

    Args:
        url: The broker, with an account for every edge node of the group.
        plan: Fields of `LoadPlan`.
        rate: Data messages a second, all nodes together.
        duration_s: How long to speak, seconds.
        messages: End earlier, after so many data messages.
        primary_host_id: Births wait for this host application; None for nobody.
        resend_window_s: Store and forward, and how far back things are said again after a loss; None for neither.
        truth_file: Where to write what was said, one JSON document a line for each block of metrics; None for nowhere.
        born_within_s: Longest wait for all births, seconds.
        observe: Called now and then with edge nodes born, messages and readings so far.

    Returns:
        The plan, what was said in all and by each node, how long it took, and a digest of the truth.

    Raises:
        ValueError: The numbers make no sensible load.
        ConnectRefused: The broker does not let us in.
        TimeoutError: Not all nodes could be born in time.
    """
    load_plan = LoadPlan(**plan)
    options = LoadOptions(primary_host_id=primary_host_id, resend_window_s=resend_window_s)
    generator = LoadGenerator(load_plan, url, options)

    async def report() -> None:
        while True:
            observe(load_plan.nodes - generator.away, generator.truth.messages, generator.truth.readings)
            await asyncio.sleep(_OBSERVE_S)

    reporting = asyncio.create_task(report(), name="load report")
    try:
        began_cpu_s = time.process_time()
        began_s = time.monotonic()
        async with generator.running(timeout_s=born_within_s):
            born_s = time.monotonic() - began_s
            await generator.speak(rate, duration_s=duration_s, messages=messages)
            spoke_s = time.monotonic() - began_s - born_s
            with suppress(TimeoutError):  # the summary says how many are away or still owe something
                await generator.settled(timeout_s=born_within_s)
            away, owing = generator.away, sum(node.owes for node in generator.nodes)
        cpu_s = time.process_time() - began_cpu_s
    finally:
        reporting.cancel()
    if truth_file is not None:
        await asyncio.to_thread(_write_truth, generator.truth, truth_file)
    return {
        "plan": asdict(load_plan),
        "messages": generator.truth.messages,
        "readings": generator.truth.readings,
        "skipped": generator.skipped,
        "away": away,
        "owing": owing,
        "born_s": round(born_s, 3),
        "spoke_s": round(spoke_s, 3),
        "messages_per_s": round(generator.truth.messages / spoke_s, 1) if spoke_s else 0.0,
        "cpu_s": round(cpu_s, 3),
        "sessions": asdict(generator.counts),
        "digest": generator.truth.digest(),
        "nodes": {node.node_id: _node(generator.truth, node.index) for node in generator.nodes},
    }


def _node(truth: LoadTruth, index: int) -> dict[str, int]:
    messages, readings = truth.count_of(index)
    return {"messages": messages, "readings": readings}


def _write_truth(truth: LoadTruth, path: Path) -> None:
    """Write the source times of every block: reading n of metric m of a line has `first_value` + m x 10,000,000 + n."""
    plan = truth.plan
    with path.open("w", encoding="utf-8") as file:
        for node, node_id in enumerate(plan.node_ids):
            for place, device_id in enumerate(plan.device_ids):
                for block in range(plan.blocks):
                    indices = plan.block(block)
                    line = {
                        "edge_node": node_id,
                        "device": device_id,
                        "metrics": [plan.metric_names[index] for index in indices],
                        "first_value": plan.value(node, place, indices[0], 0),
                        "times_ms": truth.times(plan.slot(node, place, block)).tolist(),
                    }
                    file.write(json.dumps(line) + "\n")
