"""The contract and the service agree: every metric, command and query of the one is handled by the other."""

from __future__ import annotations

from pathlib import Path

import pytest

from namespace.contracts.work_order import CONTRACT
from namespace.isa95 import load_site
from services.work_order.adapters.boards import metrics_of
from services.work_order.adapters.desk import ON_JOB_ORDERS, ON_OTHERS
from services.work_order.adapters.shop import SiteShop, counters_of
from services.work_order.domain.counters import Counter
from services.work_order.domain.dispatch import WorkCenterBoard
from services.work_order.domain.state_machine import Method
from services.work_order.ports import UnknownPlaceError
from tests.unit.work_order.orders import EARLY, LINE

SITE = load_site(
    (Path(__file__).parents[3] / "deploy" / "site" / "acme-dallas.yaml").read_text(encoding="utf-8"), "acme-dallas.yaml"
)


def test_published_metrics_are_those_of_the_contract() -> None:
    published = metrics_of(WorkCenterBoard(None, 0, (), 0))
    assert set(published) == {metric.name for metric in CONTRACT.metrics}


def test_every_method_of_the_standard_is_a_command() -> None:
    commands = {command.name for command in CONTRACT.commands}
    assert {method.value for method in Method} <= commands
    assert commands == {*ON_JOB_ORDERS, *ON_OTHERS}


def test_the_demo_lines_count_with_their_packers_and_the_reactor_in_kilograms() -> None:
    shop = SiteShop(SITE, lambda _: EARLY, lambda _: ())
    rules = shop.rules(LINE)
    assert set(rules.counters) == {Counter.PROCESSED, Counter.DEFECTIVE}
    assert (rules.counters[Counter.PROCESSED].bits, rules.counters[Counter.PROCESSED].max_step) == (16, 5000)
    packer = LINE.child("Packer")
    assert counters_of(SITE)[packer, "Admin/ProdProcessedCount"] == (LINE, Counter.PROCESSED)
    cell = SITE.equipment.find("Resins/Cell1").path
    assert counters_of(SITE)[cell.child("Reactor4"), "Admin/ProdProcessedCount"] == (cell, Counter.PROCESSED)
    assert shop.rules(cell).counters[Counter.PROCESSED].bits == 32
    assert len(counters_of(SITE)) == 6


def test_a_work_unit_is_no_place_for_job_orders_and_its_work_center_is_named() -> None:
    shop = SiteShop(SITE, lambda _: EARLY, lambda _: ())
    with pytest.raises(UnknownPlaceError, match=str(LINE)):
        shop.rules(LINE.child("Packer"))
