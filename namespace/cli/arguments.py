"""Arguments of commands and queries as people type them, checked against the contract before anything is sent.

`--arg quantity.value=100 --arg quantity.unit=H87` is the same as `--arg quantity='{"value": "100", "unit": "H87"}'`: names may be dotted,
a value that begins like a JSON object or array is read as one, `null` is null, everything else is text that the contract converts.
"""

from __future__ import annotations

import difflib
import json
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from namespace.cli.errors import CliError
from namespace.contracts.contract import CommandContract, QueryContract, ServiceContract
from namespace.contracts.registry import SERVICES, contract_of

_Contract = TypeVar("_Contract", CommandContract, QueryContract)


def find_service(name: str) -> ServiceContract:
    """Return the contract of the service a person means; `work-order` is as good as `work_order`.

    Raises:
        CliError: There is none.
    """
    try:
        return contract_of(name.replace("-", "_").removeprefix("mes_"))
    except LookupError:
        known = [contract.service for contract in SERVICES]
        raise CliError(
            f"there is no service {name}{_hint(name, known)}", where="SERVICE", remedy=_one_of(known)
        ) from None


def find_contract(service: str, kind: str, name: str, contracts: Sequence[_Contract]) -> _Contract:
    """Return the command or query a person means.

    Args:
        service: Whose.
        kind: `command` or `query`, for the message.
        name: As typed.
        contracts: What the service offers.

    Raises:
        CliError: There is none of that name.
    """
    for contract in contracts:
        if contract.name.lower() == name.lower():
            return contract
    known = [contract.name for contract in contracts]
    raise CliError(
        f"{service} knows no {kind} {name}{_hint(name, known)}", where=kind.upper(), remedy=_one_of(known)
    ) from None


def read_arguments(model: type[BaseModel], pairs: Iterable[str], document: str | None) -> dict[str, Any]:
    """Return arguments as they travel.

    Args:
        model: What they must look like.
        pairs: `name=value`, as typed.
        document: A JSON object that the pairs are laid over; None for an empty one.

    Raises:
        CliError: They do not fit; every problem is named.
    """
    given = _object(document) if document is not None else {}
    for pair in pairs:
        name, mark, text = pair.partition("=")
        if not mark or not name:
            raise CliError(f"not an argument: {pair}", where="--arg", remedy="Write --arg name=value.")
        _put(given, name.split("."), _value(name, text))
    known = _names(model)
    for name in given:
        if name not in known:
            raise CliError(f"there is no argument {name}{_hint(name, known)}", where="--arg", remedy=_one_of(known))
    try:
        arguments = model.model_validate(given)
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
        raise CliError(problems, where="--arg", remedy="`--list` names the arguments.") from None
    result: dict[str, Any] = arguments.model_dump(mode="json", by_alias=True, exclude_unset=True)
    return result


def describe(contracts: Iterable[CommandContract | QueryContract]) -> str:
    """Return names, effects and arguments of commands or queries for a terminal; `*` marks what must be given."""
    lines: list[str] = []
    for contract in contracts:
        about = f"  (about {contract.subject})" if isinstance(contract, CommandContract) else ""
        arguments = ", ".join(f"{name}{'*' if needed else ''}: {form}" for name, form, needed in _arguments(contract))
        lines += [f"{contract.name}  {contract.description}{about}"]
        lines += textwrap.wrap(arguments or "no arguments", 100, initial_indent="    ", subsequent_indent="    ")
    return "\n".join(lines)


def _arguments(contract: CommandContract | QueryContract) -> list[tuple[str, str, bool]]:
    schema = contract.args.model_json_schema()
    required = set(schema.get("required", ()))
    definitions = schema.get("$defs", {})
    return [(name, _form(field, definitions), name in required) for name, field in schema.get("properties", {}).items()]


def _form(field: Mapping[str, Any], definitions: Mapping[str, Any]) -> str:
    if "$ref" in field:
        target = definitions.get(str(field["$ref"]).rsplit("/", 1)[1], {})
        return "{" + ", ".join(target.get("properties", {})) + "}"
    if "anyOf" in field:
        forms = [_form(option, definitions) for option in field["anyOf"] if option.get("type") != "null"]
        return " or ".join(dict.fromkeys(forms))
    if "enum" in field:
        return " or ".join(map(str, field["enum"]))
    form = str(field.get("format") or field.get("type", "any"))
    return {"string": "text", "integer": "number", "date-time": "time", "object": "{...}", "array": "[...]"}.get(
        form, form
    )


def _names(model: type[BaseModel]) -> list[str]:
    return [name for key, field in model.model_fields.items() for name in (field.alias or key,)]


def _value(name: str, text: str) -> Any:
    if text == "null":
        return None
    if not text.startswith(("{", "[")):
        return text
    try:
        return json.loads(text)
    except ValueError as error:
        raise CliError(
            f"{name} is no JSON: {error}", where="--arg", remedy="Quote it for the shell with '...'."
        ) from None


def _put(target: dict[str, Any], path: list[str], value: Any) -> None:
    for name in path[:-1]:
        inner = target.setdefault(name, {})
        if not isinstance(inner, dict):
            raise CliError(f"{name} has a value already", where="--arg", remedy="Give it once.")
        target = inner
    target[path[-1]] = value


def _object(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError as error:
        raise CliError(f"it is no JSON: {error}", where="--args", remedy="Quote it for the shell with '...'.") from None
    if not isinstance(document, dict):
        raise CliError("it is no JSON object", where="--args", remedy='Write --args \'{"name": "value"}\'.')
    return document


def _hint(name: str, known: Iterable[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def _one_of(known: Iterable[str]) -> str:
    names = ", ".join(known)
    return f"There are {names}." if names else "It takes none."
