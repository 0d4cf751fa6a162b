"""The rules that tie template instances to their definitions, checked before a birth goes out."""

from collections.abc import Iterable, Mapping

from namespace.sparkplug.datatype import DataType
from namespace.sparkplug.errors import LocalProtocolError
from namespace.sparkplug.metric import Metric, Template


def definitions_of(metrics: Iterable[Metric]) -> dict[str, Template]:
    """Return the template definitions among an edge node's own metrics, by name."""
    return {
        metric.name: metric.value
        for metric in metrics
        if metric.name is not None and isinstance(metric.value, Template) and metric.value.is_definition
    }


def check_born(metrics: Iterable[Metric], definitions: Mapping[str, Template], *, of_device: bool) -> None:
    """Check every template in a birth.

    Args:
        metrics: the metrics of the birth.
        definitions: those that NBIRTH carries.
        of_device: a DBIRTH, which holds no definitions (tck-id-payloads-template-definition-nbirth-only).

    Raises:
        LocalProtocolError: an instance of an unknown definition, a member missing, unknown or of another type, an
            unknown parameter, a definition in the wrong place (tck-id-topics-nbirth-templates,
            tck-id-payloads-template-instance-members, -members-birth, tck-id-payloads-template-definition-parameters).
    """
    for metric in metrics:
        template = metric.value
        if not isinstance(template, Template):
            continue
        if not template.is_definition:
            _check_instance(metric.name, template, definitions, partial=False)
        elif of_device:
            raise LocalProtocolError(f"template definition {metric.name!r} belongs to the edge node")
        check_born(template.metrics, definitions, of_device=of_device)


def check_sent(metric: Metric, definitions: Mapping[str, Template]) -> None:
    """Check a template in a data message, which may carry some of the members only.

    Raises:
        LocalProtocolError: a definition, an instance of an unknown one, or an unknown member
            (tck-id-payloads-template-instance-members-data).
    """
    template = metric.value
    if isinstance(template, Template):
        if template.is_definition:
            raise LocalProtocolError(f"template definition {metric.name!r} travels in NBIRTH only")
        _check_instance(metric.name, template, definitions, partial=True)
        for member in template.metrics:
            check_sent(member, definitions)


def _check_instance(
    name: str | None, template: Template, definitions: Mapping[str, Template], *, partial: bool
) -> None:
    definition = definitions.get(template.template_ref or "")
    if definition is None:
        raise LocalProtocolError(f"metric {name!r} is an instance of the unknown template {template.template_ref!r}")
    defined = {(member.name, member.datatype) for member in definition.metrics}
    given = {(member.name, member.datatype) for member in template.metrics}
    if not given <= defined:
        raise LocalProtocolError(f"metric {name!r} has members that its template lacks: {_listed(given - defined)}")
    if not partial and given != defined:
        raise LocalProtocolError(f"metric {name!r} lacks members of its template: {_listed(defined - given)}")
    known = {(parameter.name, parameter.datatype) for parameter in definition.parameters}
    used = {(parameter.name, parameter.datatype) for parameter in template.parameters}
    if not used <= known:
        raise LocalProtocolError(f"metric {name!r} has parameters that its template lacks: {_listed(used - known)}")


def _listed(entries: Iterable[tuple[str | None, DataType | None]]) -> str:
    return ", ".join(
        sorted(f"{name} ({'no type' if datatype is None else datatype.name})" for name, datatype in entries)
    )
