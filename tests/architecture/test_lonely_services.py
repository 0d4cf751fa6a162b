"""Every service runs with nothing but `namespace/` beside it: no other service, no metadata of the distribution.

It has the broker account that follows from its contract and a database role of its own, so that a permission it lacks shows here too.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from namespace.contracts.access import service_rules
from namespace.contracts.registry import contract_of
from namespace.servers.postgres import Postgres
from namespace.servers.site import read_site, site_access
from namespace.testing.servers import TestBroker
from tests.architecture.lonely import SITE_FILE, running_alone, settings_of
from tests.architecture.trees import announced_services, copy_tree


@pytest.mark.parametrize("name", sorted(announced_services()))
async def test_a_service_starts_alone_is_ready_and_stops_in_order(
    name: str, libraries: Path, tmp_path: Path, postgres: Postgres, broker: TestBroker
) -> None:
    copy_tree(tmp_path, "namespace", "services/__init__.py", f"services/{name}")
    assert (
        len([path for path in (tmp_path / "services").iterdir() if path.is_dir() and path.name != "__pycache__"]) == 1
    )
    contract = contract_of(name)
    rights = service_rules(contract, site_access(read_site(SITE_FILE)))
    settings = await settings_of(name, postgres, broker.add_account(contract.edge_node_id, rights), tmp_path / "data")
    async with running_alone(announced_services()[name], tmp_path, libraries, settings) as outcome:
        assert outcome.code is None
    assert outcome.code == 0, outcome.text
    assert "0+unknown" in outcome.text, "the distribution's metadata was there after all"
