"""What `simulator` answers: the truth about its machines, for those who test what the MES makes of it.

The machines themselves speak as foreign edge nodes, under names the MES knows from the site file alone; nothing of that is declared here.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import QueryContract, ServiceContract


class GroundTruthArgs(BaseModel):
    """Arguments of `ground_truth`.

    Attributes:
        unit: `<work center>/<work unit>` as their controller calls them, for example `Line1/Filler` or `PC1/R4`.
        since_ms: Begin of the window in simulated time, milliseconds since the epoch; null for the beginning.
        until_ms: End of the window, exclusive; null for the present.
        limit: Intervals per page.
        cursor: From the previous page.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    unit: Annotated[str, StringConstraints(min_length=3, max_length=81)]
    since_ms: int | None = None
    until_ms: int | None = None
    limit: Annotated[int, Field(ge=1, le=400)] = 200
    cursor: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,15}$")] | None = None


CONTRACT = ServiceContract(
    service="simulator",
    summary="Machines that do not exist: seeded lines that publish as foreign edge nodes.",
    queries=(
        QueryContract(
            "ground_truth",
            GroundTruthArgs,
            "What really happened to a simulated unit: intervals of state and cause, exact counts, of a reactor its batches.",
        ),
    ),
    commands_to=("work_order",),
    asks=("work_order",),
    acts_as_edge_nodes=True,
)
