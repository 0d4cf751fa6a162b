"""The console of a whole site in a real browser: what issue from machines and services, a person sees and acts on."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from namespace.testing.site import RunningSite, running_site, send
from tests.fakes.console_browser import chromium, signed_in

pytestmark = [
    pytest.mark.acceptance,
    pytest.mark.browser,
    pytest.mark.xdist_group("console_site"),
    pytest.mark.timeout(180),
    pytest.mark.asyncio(loop_scope="module"),
]

DEMO = Path(__file__).resolve().parents[2] / "deploy" / "site" / "acme-dallas.yaml"
LINE = "Acme/Dallas/Packaging/Line1"
LINE2 = "Acme/Dallas/Packaging/Line2"
"""The line that the demo's crew leaves to whoever tries the site out: what is free here stays so."""
PROCESSED = "tr[data-metric='Admin/ProdProcessedCount']"
TWO_SECONDS_MS = 2_000
PATIENCE_MS = 20_000
EVER = "since=2026-01-01T00:00:00Z&until=2100-01-01T00:00:00Z"


@pytest.fixture(scope="module")
def site() -> Iterator[RunningSite]:
    """A demo site of these tests' own: they kill parts of it."""
    with running_site(DEMO, environment={"UNS_DEMO": "true"}) as running:
        yield running


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def browser() -> AsyncIterator[Browser]:
    """A headless Chromium, shared by these tests."""
    async with chromium() as running:
        yield running


async def visit(site: RunningSite, browser: Browser, path: str, role: str = "supervisor") -> Page:
    """Sign in with the demo's password for a role and open a view."""
    await site.ready()
    written = json.loads((site.folder / "credentials" / "console" / "demo-users.json").read_text())
    password = next(user["password"] for user in written if user["user"] == role)
    page = await signed_in(await browser.new_context(), site.state().console_url, path, role, password)
    page.set_default_timeout(PATIENCE_MS)
    return page


async def test_the_tree_of_the_site_appears_and_a_value_changes_without_a_reload(
    site: RunningSite, browser: Browser
) -> None:
    page = await visit(site, browser, f"/place/{LINE}/Filler")
    for name in ("Dallas", "Packaging", "Line1", "Filler", "Packer"):
        await expect(page.locator(".tree .row", has_text=name).first).to_be_visible()
    value = page.locator(f"{PROCESSED} td.value")
    before = await value.inner_text()
    await expect(value).not_to_have_text(before, timeout=PATIENCE_MS)


async def test_a_job_order_is_released_and_begun_and_counts(site: RunningSite, browser: Browser) -> None:
    order = f"JO-{uuid4().hex[:6].upper()}"
    page = await visit(site, browser, f"/orders/{LINE2}")
    args = {"place": LINE2, "quantity": {"value": "100000", "unit": "H87"}, "work_master": "BOTTLE-500"}
    async with site.guest() as guest:
        assert (await send(guest, "Store", order, args)).status == "DONE"
    row = page.locator(f"[data-order={order}]")
    await expect(row).to_contain_text("Not released", timeout=PATIENCE_MS)
    await row.locator("[data-action=Start]").dblclick()
    await expect(row).to_contain_text("Released", timeout=PATIENCE_MS)
    await row.locator("[data-action=Begin]").click(delay=800)
    active = page.locator(f"article[data-order={order}]")
    await expect(active).to_contain_text("Running", timeout=PATIENCE_MS)
    await expect(active.locator(".progress-words b").first).not_to_have_text("0", timeout=PATIENCE_MS)
    await page.goto(f"{site.state().console_url}/orders/{LINE2}?order={order}")
    await expect(page.locator(".history")).to_contain_text("by supervisor")
    await page.locator(".side-panel [data-action=Abort]").click()
    await page.locator("[data-testid=confirm]").click()
    await expect(page.locator(".side-head")).to_contain_text("Aborted", timeout=PATIENCE_MS)


async def test_a_command_outlives_the_silence_of_its_service_and_takes_effect_once(
    site: RunningSite, browser: Browser
) -> None:
    order = f"JO-{uuid4().hex[:6].upper()}"
    args = {"place": LINE2, "quantity": {"value": "100", "unit": "H87"}}
    page = await visit(site, browser, f"/orders/{LINE2}")
    async with site.guest() as guest:
        assert (await send(guest, "Store", order, args)).status == "DONE"
        release = page.locator(f"[data-order={order}] [data-action=Start]")
        await release.wait_for()
        silent = site.pid_of("work_order")
        os.kill(silent, signal.SIGSTOP)
        try:
            await release.click()
            await expect(release).to_have_attribute("aria-busy", "true")
            await expect(page.locator("[data-testid=action-news]")).to_contain_text(
                "No answer yet", timeout=PATIENCE_MS
            )
        finally:
            os.kill(silent, signal.SIGCONT)
        await expect(page.locator(f"[data-order={order}]")).to_contain_text("Released", timeout=PATIENCE_MS)
        history = (await guest.queries.ask("work_order", "job_order", {"id": order})).data["history"]
        assert [event["payload"].get("cause") for event in history] == [None, "Start"]
        assert (await send(guest, "Cancel", order)).status == "DONE"


async def test_an_order_is_moved_to_the_front_made_at_the_tablet_and_answered_on_its_page(
    site: RunningSite, browser: Browser
) -> None:
    order = f"JO-{uuid4().hex[:6].upper()}"
    args = {
        "place": LINE2,
        "quantity": {"value": "12", "unit": "H87"},
        "priority": -9,
        "quantity_source": "operator",
        "due": "2099-01-01T00:00:00Z",
    }
    page = await visit(site, browser, f"/dispatch/{LINE2}")
    async with site.guest() as guest:
        assert (await send(guest, "StoreAndStart", order, args)).status == "DONE"
        row = page.locator(f"[data-row={order}]")
        await expect(row.locator("[data-lateness=intime]")).to_be_visible(timeout=PATIENCE_MS)
        await row.locator(".grip").press("Home")
        await expect(page.locator("[data-row]").first).to_have_attribute("data-row", order, timeout=PATIENCE_MS)
        await expect(row.locator(".pin")).to_be_visible()
        listed = (await guest.queries.ask("work_order", "dispatch_list", {"place": LINE2})).data
        assert next(each["id"] for each in listed if each["state"].endswith("AllowedToStart")) == order
        tablet = await visit(site, browser, f"/operate/{LINE2}", role="operator")
        await tablet.locator(f"li[data-order={order}] [data-action=Begin]").click()
        made = tablet.locator(f"article[data-order={order}]")
        await made.locator("[data-action=good]").click()
        for key in ("1", "2"):
            await tablet.locator(f"[data-key='{key}']").click()
        await tablet.locator("[data-testid=report]").dblclick()
        await expect(made.locator(".station-figure")).to_contain_text("100%", timeout=PATIENCE_MS)
        await made.locator("[data-action=Complete]").click()
        await expect(made).to_have_count(0, timeout=PATIENCE_MS)
        await page.goto(f"{site.state().console_url}/order/{LINE2}?order={order}")
        await expect(page.locator("[data-revision='1']")).to_contain_text("12 good", timeout=PATIENCE_MS)
        await expect(page.locator("[data-band=state][data-what=Ended]")).to_have_count(1)
        history = (await guest.queries.ask("work_order", "job_order", {"id": order})).data["history"]
        assert [event["type"] for event in history].count("QuantityReported") == 1


async def test_a_stop_of_a_machine_is_given_a_reason_and_leads_to_its_samples(
    site: RunningSite, browser: Browser
) -> None:
    page = await visit(site, browser, f"/oee/{LINE}?show=timeline&span=600", role="operator")
    url = site.state().console_url
    stop = await first_stop(page, f"{url}/api/oee/intervals?place={LINE}&limit=200&{EVER}")
    await page.goto(f"{url}/oee/{LINE}?show=timeline&span=600&unit={stop['place']}&at={stop['start']}")
    await page.locator("[data-testid=classify]").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("[data-reason=JAM]").click()
    await dialog.locator("input[name=why]").fill("bottle lay across")
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog).to_have_count(0, timeout=2 * PATIENCE_MS)
    panel = page.locator("[data-testid=interval]")
    await expect(panel.locator(".facts")).to_contain_text("Jam or misfeed", timeout=PATIENCE_MS)
    await expect(panel.locator(".words")).to_contain_text("bottle lay across")
    await panel.locator("[data-testid=samples]").click()
    await expect(panel.locator(".samples tr").first).to_be_visible(timeout=PATIENCE_MS)
    async with site.guest() as guest:
        asked = {"place": stop["place"], "at": stop["start"]}
        found = (await guest.queries.ask("oee", "interval", asked)).data
    assert (found["reason_code"], found["source"]) == ("JAM", "person")
    assert [(word["actor"], word["is_taken"]) for word in found["words"]] == [("operator", True)]


async def first_stop(page: Page, address: str) -> dict[str, Any]:
    """Wait until a machine has stood and gone on, and return that interval; all simulated lines stop within minutes."""
    async with asyncio.timeout(120):
        while True:
            rows = (await (await page.request.get(address)).json())["data"]
            current = {row["place"]: row["start"] for row in reversed(rows)}
            for row in rows:
                is_lost = row["minor_stop"] or row["element"] in {"ADET", "ADOT", "AUST"}
                if is_lost and row["start"] < current[row["place"]]:
                    return dict(row)
            await asyncio.sleep(0.5)


async def test_a_killed_edge_node_turns_stale_within_two_seconds_and_comes_back(
    site: RunningSite, browser: Browser
) -> None:
    page = await visit(site, browser, f"/place/{LINE}/Filler")
    await page.wait_for_selector(f"{PROCESSED}.q-good")
    dead = site.kill("simulator")
    await page.wait_for_selector(f"{PROCESSED}.q-stale", timeout=TWO_SECONDS_MS)
    await expect(page.locator(".page-state")).to_contain_text("Unknown")
    await site.back("simulator", dead)
    await page.wait_for_selector(f"{PROCESSED}.q-good")


async def test_a_site_whose_registry_is_gone_greys_the_page(site: RunningSite, browser: Browser) -> None:
    page = await visit(site, browser, f"/place/{LINE}")
    silent = site.pid_of("namespace_state")
    os.kill(silent, signal.SIGSTOP)
    try:
        await expect(page.locator("[data-testid=stream-lost]")).to_contain_text("namespace_state", timeout=PATIENCE_MS)
    finally:
        os.kill(silent, signal.SIGCONT)
    await expect(page.locator("[data-testid=stream-lost]")).to_have_count(0, timeout=PATIENCE_MS)


async def test_a_killed_console_comes_back_and_so_does_the_page_still_signed_in(
    site: RunningSite, browser: Browser
) -> None:
    page = await visit(site, browser, f"/place/{LINE}/Filler")
    dead = site.kill("console")
    await page.wait_for_selector("[data-testid=stream-lost]", timeout=TWO_SECONDS_MS)
    await site.back("console", dead)
    await page.wait_for_selector(".live-live")
    await expect(page.locator(f"{PROCESSED}.q-good")).to_be_visible()
    await expect(page.locator("h1")).to_have_text("Filler")
