"""Queries: "tell me", plain MQTT request and response in JSON beside the Sparkplug topics.

Queries are read-only, paged and limited in time. They are for people, for late joiners and for catching up; no service needs another's
answer to process an event or a command. Topics and correlation need nothing beyond MQTT 3.1.1.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from namespace.isa95 import SITE_DEVICE_ID, EquipmentPath

MAX_PAGE_BYTES = 64 * 1024


class QueryRequest(BaseModel):
    """One question.

    Attributes:
        reply_to: The topic of the answer; must lie below the asking account's `_reply/<account>/`.
        correlation: Echoed in the answer.
        args: The arguments, by the query's contract.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    reply_to: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    correlation: Annotated[str, StringConstraints(min_length=1, max_length=100)]
    args: Mapping[str, Any] = Field(default_factory=dict)


class QueryError(BaseModel):
    """Why a query was not answered."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    message: str


class QueryReply(BaseModel):
    """One page of an answer.

    Attributes:
        correlation: The request's.
        data: The page, by the query's contract; None with an error.
        next: Pass as `args.cursor` to get the next page; None on the last.
        error: Why there is no answer.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    correlation: str
    data: Any = None
    next: str | None = None
    error: QueryError | None = None


@dataclass(frozen=True, slots=True)
class SiteTopics:
    """The plain MQTT topics of one site: queries, replies and the JSON projection.

    Attributes:
        site: The path of the site, two levels.
    """

    site: EquipmentPath

    @property
    def root(self) -> str:
        """`uns/v1/<Enterprise>/<Site>`, below which everything plain lives."""
        return f"uns/v1/{self.site.enterprise}/{self.site.site}"

    def query(self, service: str, query: str) -> str:
        """Return the topic on which `service` is asked `query`."""
        return f"{self.root}/_query/{service}/{query}"

    def queries(self, service: str) -> str:
        """Return the filter of all questions to `service`."""
        return f"{self.root}/_query/{service}/+"

    def reply(self, account: str, correlation: str) -> str:
        """Return the topic on which `account` is answered."""
        return f"{self.root}/_reply/{account}/{correlation}"

    def replies(self, account: str) -> str:
        """Return the filter of all answers to `account`."""
        return f"{self.root}/_reply/{account}/#"

    def projection(self, areas: Iterable[str]) -> tuple[str, ...]:
        """Return the filters of the whole JSON projection: every area, the site itself, its events, the unplaced nodes."""
        return tuple(f"{self.root}/{name}/#" for name in (*areas, SITE_DEVICE_ID, "_event", "_unplaced"))

    def heard_log(self, edge_node_id: str) -> str:
        """Return the retained topic that says how far the event log of an edge node was heard."""
        return f"{self.root}/_log/{edge_node_id}"

    def is_reply(self, topic: str) -> bool:
        """Return whether `topic` is a well-formed reply topic of this site (no wildcards, below an account)."""
        prefix = f"{self.root}/_reply/"
        rest = topic.removeprefix(prefix)
        return topic.startswith(prefix) and rest.count("/") >= 1 and not set(rest) & {"+", "#"}


def encode_reply(reply: QueryReply) -> bytes:
    """Return the reply's JSON, or the JSON of an error where a page is larger than allowed (`MAX_PAGE_BYTES`)."""
    encoded = json.dumps(reply.model_dump(mode="json"), separators=(",", ":"), ensure_ascii=False).encode()
    if len(encoded) <= MAX_PAGE_BYTES:
        return encoded
    error = QueryError(
        code="PageTooLarge",
        message=f"the page has {len(encoded)} bytes, {MAX_PAGE_BYTES} are allowed: ask with a smaller args.limit",
    )
    return QueryReply(correlation=reply.correlation, error=error).model_dump_json().encode()
