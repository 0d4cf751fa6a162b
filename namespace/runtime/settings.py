"""What every service is told from outside: where the broker, the database and the site file are.

Settings come from `UNS_*` environment variables. Secrets may come from a file instead (`UNS_BROKER_URL_FILE`), so that they stand in no
process listing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

PREFIX = "UNS_"


class SettingsError(Exception):
    """The environment does not describe a service that could run; the message names variable, problem and remedy."""


class ServiceSettings(BaseModel):
    """Settings of one service.

    Attributes:
        site_file: The site file (YAML), system of record for equipment, calendars and mapping rules.
        broker_url: `mqtt://account:password@host:port` of the service's own broker account.
        database_url: `postgresql://role:password@host:port/database` of the service's own role; empty for a service without a database.
        health_port: Port of `/live`, `/ready` and `/metrics` on loopback; 0 picks a free one.
        host_id: Sparkplug host id of the site's primary host application; empty means `<Site>-mes`.
        log: `json` for machines, `text` for people.
        log_level: Least severe level that is logged.
        data_dir: The site's data folder.
        heartbeat_s: Seconds between two announcements of the event log's head.
        drain_s: Seconds a stopping service may take to hand out what it has promised.
        registry_wait_s: Longest time in seconds that the first birth of a service with an event log waits to hear from the registry how far
            the log was known; without an answer it starts, and compares later. While the log is empty, half a second at most.
        command_lanes: Commands of different subjects that are worked on at the same time.
        allow_plaintext: Permit an unencrypted broker connection beyond loopback.
        mqtt_client: `stream`, our own, which holds a broker back that is too fast; or `aiomqtt`, which leaves it.
        mqtt_rest_ms: Milliseconds that `stream` waits between reads of the network, for fewer and larger ones; 0 for none.
        accelerate: Use the optional compiled steps where `make accelerate` built them; the results are the same either way.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    site_file: Path
    broker_url: str
    database_url: str = ""
    health_port: Annotated[int, Field(ge=0, le=65535)] = 0
    host_id: str = ""
    log: Literal["json", "text"] = "text"
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    data_dir: Path = Path(".uns")
    heartbeat_s: Annotated[float, Field(gt=0)] = 5.0
    drain_s: Annotated[float, Field(ge=0)] = 5.0
    registry_wait_s: Annotated[float, Field(ge=0)] = 3.0
    command_lanes: Annotated[int, Field(ge=1, le=32)] = 12
    allow_plaintext: bool = False
    mqtt_client: Literal["stream", "aiomqtt"] = "stream"
    mqtt_rest_ms: Annotated[float, Field(ge=0, le=100)] = 0.0
    accelerate: bool = True


Model = TypeVar("Model", bound=BaseModel)

_environment: ContextVar[Mapping[str, str] | None] = ContextVar("environment", default=None)


@contextmanager
def settings_from(environment: Mapping[str, str]) -> Iterator[None]:
    """Read settings in this block, and in the tasks that it starts, from `environment` instead of the process's own.

    Several services in one process each have their own accounts and ports.
    """
    token = _environment.set(environment)
    try:
        yield
    finally:
        _environment.reset(token)


def read_settings(model: type[Model], environment: Mapping[str, str] | None = None) -> Model:
    """Return `model` filled from `UNS_*` variables; for each field also `UNS_<FIELD>_FILE`, whose content is the value.

    Args:
        model: The settings class.
        environment: Instead of the one that holds here: that of `settings_from`, or the process's.

    Raises:
        SettingsError: A variable is missing or its value is not acceptable; all problems are named at once.
    """
    source = next(each for each in (environment, _environment.get(), os.environ) if each is not None)
    values: dict[str, Any] = {}
    for field in model.model_fields:
        name = f"{PREFIX}{field.upper()}"
        if name in source:
            values[field] = source[name]
        elif f"{name}_FILE" in source:
            values[field] = _content(f"{name}_FILE", Path(source[f"{name}_FILE"]))
    try:
        return model.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{PREFIX}{str(problem['loc'][0]).upper()}: {problem['msg'].lower()}"
            for problem in error.errors()
            if problem["loc"]
        )
        msg = f"settings: {problems}. `uns up` sets these for its services; see docs/reference/settings.md"
        raise SettingsError(msg) from error


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        msg = f"settings: {variable} names {path}, which cannot be read ({error.strerror})"
        raise SettingsError(msg) from error
