"""From contract to births, by place."""

from __future__ import annotations

from namespace.contracts.oee import CONTRACT
from namespace.runtime.places import device_definitions
from tests.unit.runtime.support import SITE, small_site


def test_counts_carry_the_unit_that_their_work_center_counts() -> None:
    site = small_site(SITE.replace("output_unit: Packer", "output_unit: Packer\n        unit: KGM"))
    for device_id in ("Packaging:Line1", "Packaging:Line1:Packer"):
        units = {
            metric.name: dict(metric.properties)["engUnit"].value
            for metric in device_definitions(CONTRACT, site)[device_id]
            if metric.properties
        }
        assert (units["OEE/GQ"], units["OEE/PQ"], units["OEE/SQ"]) == ("KGM", "KGM", "KGM")
        assert (units["OEE/APT"], units["OEE/OEE"]) == ("C26", "C62")
