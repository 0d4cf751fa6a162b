"""Following and its forks: how each followed log stands, what lies beyond a fork, and the way on.

Every service that follows a log answers these.
"""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import CommandContract, QueryContract

_Producer = Annotated[str, StringConstraints(min_length=1, max_length=80)]


class _Document(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class FollowsArgs(_Document):
    """Arguments of `follows`: none."""


class BeyondForkArgs(_Document):
    """Arguments of `beyond_fork`.

    Attributes:
        producer: The service whose log it is.
        fork_seq: Where the histories part, as `follows` tells.
        limit: Rows per page.
        cursor: From the previous page.
    """

    producer: _Producer
    fork_seq: Annotated[int, Field(ge=0)]
    limit: Annotated[int, Field(ge=1, le=200)] = 200
    cursor: str | None = None


class AcceptForkArgs(_Document):
    """Arguments of `AcceptFork`: what the person has read, so that nothing else is accepted.

    Attributes:
        producer: The service whose log it is.
        left_seq: Where the consumer stands.
        left_hash: The hash there.
        fork_seq: Last row that both histories share; the consumer goes on behind it.
        epoch: The producer's epoch.
    """

    producer: _Producer
    left_seq: Annotated[int, Field(ge=1)]
    left_hash: Annotated[str, StringConstraints(min_length=64, max_length=64)]
    fork_seq: Annotated[int, Field(ge=0)]
    epoch: UUID


FOLLOWS_QUERY = QueryContract(
    name="follows",
    args=FollowsArgs,
    description="How each followed log stands: cursor, parked events, and where it forked, if it did; forks that were accepted.",
)

BEYOND_FORK_QUERY = QueryContract(
    name="beyond_fork",
    args=BeyondForkArgs,
    description="What was taken from a followed log beyond a fork, and stays in effect.",
)

ACCEPT_FORK_COMMAND = CommandContract(
    name="AcceptFork",
    args=AcceptForkArgs,
    subject="the producer",
    description="Goes on behind a fork in the producer's new history; what was applied beyond the fork stays. Needs a reason.",
)
