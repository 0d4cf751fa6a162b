"""Commands: "please do", asked of one MES node and answered by it exactly once.

A command travels as one JSON document in the String metric `Command/Request` of an NCMD to the service's edge node, so that any
Sparkplug client (Ignition, Node-RED) can write it; the answer comes back in `Command/Response`. NCMD is QoS 0, so the caller repeats
the same document until it is answered and the receiver answers a known `command_id` with the stored answer. This module says what the
two documents are; sending, repeating and storing live in `runtime` and `store`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

COMMAND_REQUEST_METRIC = "Command/Request"
COMMAND_RESPONSE_METRIC = "Command/Response"
MAX_COMMAND_BYTES = 32 * 1024

Name = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[A-Za-z][A-Za-z0-9]*$")]
Subject = Annotated[str, StringConstraints(min_length=1, max_length=200)]


class CommandStatus(StrEnum):
    """How a command ended."""

    DONE = "DONE"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"


class Command(BaseModel):
    """One request to change something.

    Attributes:
        command_id: Chosen by the caller, once per intent; repeating it never repeats the effect.
        name: The command's contract name, for example `Start`.
        subject: What it acts on, for example a job order id.
        args: The arguments, by the command's contract.
        expected_version: The version of the subject the caller has seen; a different one refuses the command. None skips the check.
        actor: The id of the person or system that wants it.
        reason: Why, in the actor's words, where the contract asks for one.
        issued_at: When the caller decided, UTC.
        expires_at: After this instant the command must not take effect any more, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    command_id: UUID
    name: Name
    subject: Subject
    args: Mapping[str, Any] = Field(default_factory=dict)
    expected_version: int | None = None
    actor: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    reason: Annotated[str, StringConstraints(max_length=500)] | None = None
    issued_at: AwareDatetime
    expires_at: AwareDatetime | None = None

    def has_expired(self, now: datetime) -> bool:
        """Return whether the command came too late to take effect at `now` (UTC)."""
        return self.expires_at is not None and now > self.expires_at


class CommandResponse(BaseModel):
    """The one answer a command gets.

    Attributes:
        command_id: The command that is answered.
        status: How it ended.
        code: A stable short word for programs, for example `WrongState`; `Done` on success.
        message: One sentence for people: what was refused and what would be possible.
        version: The subject's version after the command, where it has one.
        result: What the command's contract returns.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    command_id: UUID
    status: CommandStatus
    code: str
    message: str
    version: int | None = None
    result: Mapping[str, Any] = Field(default_factory=dict)


class Refused(Exception):
    """The receiver's no to a command: nothing has changed, and the caller is told why.

    Attributes:
        code: A stable short word for programs, for example `WrongState`.
        message: One sentence for people: what was refused and what would be possible.
        version: The subject's version, where it has one.
    """

    def __init__(self, code: str, message: str, *, version: int | None = None) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.version = version
