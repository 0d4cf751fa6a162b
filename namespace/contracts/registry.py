"""The one list of everything that is said in the namespace, by whom."""

from __future__ import annotations

from namespace.contracts import historian, namespace_state, oee, simulator, work_order
from namespace.contracts.contract import ServiceContract

CONSOLE = ServiceContract(
    service="console",
    summary="Where people watch and act: pages, sign-in and roles.",
    commands_to=("work_order", "oee"),
    asks=("namespace_state", "work_order", "oee", "historian"),
    reads_projection=True,
)

SERVICES: tuple[ServiceContract, ...] = (
    namespace_state.CONTRACT,
    historian.CONTRACT,
    work_order.CONTRACT,
    oee.CONTRACT,
    CONSOLE,
    simulator.CONTRACT,
)


def contract_of(service: str) -> ServiceContract:
    """Return the contract of `service`.

    Raises:
        LookupError: No such service is registered; the message names those that are.
    """
    for contract in SERVICES:
        if contract.service == service:
            return contract
    known = ", ".join(contract.service for contract in SERVICES)
    msg = f"no contract for service {service!r}; registered are {known} (namespace/contracts/registry.py)"
    raise LookupError(msg)
