"""What the accounts of the MES's own services may do at the broker.

One rule stands above all: a service speaks for itself alone, and the nodes of machines are out of its
reach. The one exception is `namespace_state`, which may ask any node for a rebirth.
"""

from __future__ import annotations

from collections.abc import Iterable

from namespace.servers.accounts import edge_node_rules
from namespace.servers.acl import AclRule
from namespace.servers.services import ServiceInfo

CLI_ACCOUNT = "mes-cli"
"""The account of the `uns` command itself."""

_HEARD = ("NBIRTH/+", "NDATA/+", "NDEATH/+", "DBIRTH/+/+", "DDATA/+/+", "DDEATH/+/+")
_COMMANDERS = {"console", "erp_bridge"}


def service_rules(
    service: ServiceInfo, *, enterprise: str, site: str, services: Iterable[ServiceInfo]
) -> tuple[AclRule, ...]:
    """Return what the account of `service` needs.

    Args:
        service: Whose account.
        enterprise: Name of the enterprise, first part of every topic of the site.
        site: Name of the site.
        services: All services: the nodes that a commanding service may command.
    """
    group_id, projection = f"{enterprise}:{site}", f"uns/v1/{enterprise}/{site}"
    rules = [
        *edge_node_rules(group_id, service.edge_node_id),
        *(AclRule("read", f"spBv1.0/+/{rest}") for rest in _HEARD),
        AclRule("read", f"{projection}/_query/{service.name}/#"),
        AclRule("write", f"{projection}/_reply/+/+"),
        AclRule("write", f"{projection}/_query/+/+"),
        AclRule("read", f"{projection}/_reply/{service.edge_node_id}/#"),
    ]
    if service.name in _COMMANDERS:
        rules += [AclRule("write", f"spBv1.0/{group_id}/NCMD/{each.edge_node_id}") for each in services]
    if service.name == "namespace_state":
        rules += [AclRule("write", "spBv1.0/+/NCMD/+"), AclRule("write", "spBv1.0/STATE/+")]
        rules += [AclRule("write", f"{projection}/#"), AclRule("read", f"{projection}/#")]
    if service.name == "simulator":
        rules += [AclRule("write", f"spBv1.0/+/{rest}") for rest in _HEARD]
        rules += [AclRule("read", "spBv1.0/+/NCMD/+"), AclRule("read", "spBv1.0/+/DCMD/+/+")]
    return tuple(rules)


def cli_rules(*, enterprise: str, site: str, services: Iterable[ServiceInfo]) -> tuple[AclRule, ...]:
    """Return what the `uns` command needs: it sees all, asks queries, and commands MES services."""
    group_id = f"{enterprise}:{site}"
    return (
        AclRule("read", "spBv1.0/#"),
        AclRule("read", "uns/v1/#"),
        AclRule("write", f"uns/v1/{enterprise}/{site}/_query/+/+"),
        *(AclRule("write", f"spBv1.0/{group_id}/NCMD/{each.edge_node_id}") for each in services),
    )
