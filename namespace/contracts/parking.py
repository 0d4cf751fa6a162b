"""Parked events: what a consumer could not apply, shown and driven again. Every service that follows a log answers these."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.contracts.contract import CommandContract, QueryContract


class ParkedArgs(BaseModel):
    """Arguments of `parked`.

    Attributes:
        limit: Events at most, over all followed logs.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    limit: Annotated[int, Field(ge=1, le=500)] = 100


class RedriveArgs(BaseModel):
    """Arguments of `Redrive`.

    Attributes:
        producer: The service whose log the events are from.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    producer: Annotated[str, StringConstraints(min_length=1, max_length=80)]


PARKED_QUERY = QueryContract(
    name="parked",
    args=ParkedArgs,
    description="Events of followed logs that could not be applied, with the reason, in the order of their logs.",
)

REDRIVE_COMMAND = CommandContract(
    name="Redrive",
    args=RedriveArgs,
    subject="the subject of the parked events",
    description="Applies the parked events of a subject again, in their order, until one is refused again.",
)
