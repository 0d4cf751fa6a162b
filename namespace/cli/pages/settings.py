"""The reference page of settings: environment variables of a site and of each service."""

from __future__ import annotations

import importlib
import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel

from namespace.cli.pages.docstrings import attribute_texts
from namespace.runtime.settings import PREFIX, ServiceSettings
from namespace.servers.services import installed_services
from namespace.servers.settings import SiteSettings

_NAMED = re.compile(rf"^`({PREFIX}[A-Z_]+)`[,:]? ?")


def page() -> str:
    """Return the page in Markdown."""
    lines = [
        "# Settings\n",
        "Environment variables. A site is described by its site file; these say where things are.\n",
        "## A site: `uns up`, and every other `uns` command\n",
        "| variable | meaning |",
        "| --- | --- |",
        *_site(),
        "",
        "## Every service\n",
        "`uns up` sets these for its services; somebody who starts one alone, sets them himself. A value may stand in a file that",
        "`<VARIABLE>_FILE` names instead, so that a password is in no process listing.\n",
        *_table(ServiceSettings),
    ]
    for service, model in _of_services():
        lines += [f"\n## `{service}` beside these\n", *_table(model)]
    return "\n".join(lines) + "\n"


def _site() -> Iterator[str]:
    for name, text in attribute_texts(SiteSettings).items():
        named = _NAMED.match(text)
        variable = named[1] if named is not None else PREFIX + name.upper()
        meaning = text[named.end() :] if named is not None else text
        yield f"| `{variable}` | {meaning[:1].upper()}{meaning[1:]} |"
    yield f"| `{PREFIX}TOOLS_DIR` | Where programs that were unpacked without root are looked for, such as Mosquitto. |"


def _table(model: type[BaseModel]) -> Iterator[str]:
    texts = attribute_texts(model)
    yield "| variable | value | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for name, field in model.model_fields.items():
        default = "must be given" if field.is_required() else _default(field.default)
        yield f"| `{PREFIX}{name.upper()}` | {_form(field.annotation)} | {default} | {texts[name]} |"


def _of_services() -> Iterator[tuple[str, type[BaseModel]]]:
    """Yield the settings classes that a service's composition root names, beside those of every service."""
    for service in installed_services()[0]:
        root = importlib.import_module(f"{service.package}.service")
        for name, model in inspect.getmembers(root, inspect.isclass):
            if name.endswith("Settings") and issubclass(model, BaseModel) and model is not ServiceSettings:
                yield service.name, model


def _form(annotation: Any) -> str:
    if get_origin(annotation) is Literal:
        return " or ".join(f"`{value}`" for value in get_args(annotation))
    names = {"str": "text", "int": "number", "float": "number", "bool": "`true` or `false`", "Path": "path"}
    return names.get(getattr(annotation, "__name__", ""), str(annotation))


def _default(value: object) -> str:
    if value == "":
        return "empty"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"
