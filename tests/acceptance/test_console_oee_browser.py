"""The OEE pages in a real browser, on a site in memory: the wall board, the timeline, losses, trends, classification."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

import pytest
from playwright.async_api import Browser, Locator, Page, ViewportSize, expect

from services.oee.domain.classification import Element
from services.oee.domain.state_log import StateInterval
from tests.acceptance.test_console_browser import SIZES, faint_texts
from tests.fakes.console_browser import RunningConsole, signed_in
from tests.fakes.console_oee import SHIFT_MS

expect.set_options(timeout=15_000)  # a page asks more than one question, and the machine may have other work

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]

LINE = "Acme/Dallas/Packaging/Line1"
FILLER = f"{LINE}/Filler"
WEEK_S = 7 * 24 * 3600
TWO_SECONDS_MS = 2_000


def a_stop(console: RunningConsole, element: Element = Element.ADET) -> StateInterval:
    """The longest stop of the filler in the last whole shift that nobody gave a reason."""
    end_ms = console.site.oee.known_ms // SHIFT_MS * SHIFT_MS
    stops = [
        item
        for item in console.site.oee.logs[FILLER]
        if item.element is element
        and item.reason is None
        and end_ms - SHIFT_MS <= item.start_ms
        and item.end_ms < end_ms
    ]
    return max(stops, key=lambda item: item.length_ms)


def opened(stop: StateInterval) -> str:
    """The address of a stop in the timeline."""
    around = f"from={iso(stop.start_ms - 600_000)}&to={iso(stop.end_ms + 600_000)}"
    return f"/oee/{LINE}?show=timeline&{around}&unit={FILLER}&at={iso(stop.start_ms)}"


def iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


async def shown_range(timeline: Locator) -> tuple[int, int]:
    return int(await timeline.get_attribute("data-from") or 0), int(await timeline.get_attribute("data-to") or 0)


async def drawn(page: Page) -> None:
    """Wait until every row in sight has its strokes."""
    await expect(page.locator(".timeline-row[data-drawn='']")).to_have_count(0)


async def test_the_wall_board_shows_a_line_and_says_within_two_seconds_what_it_does_not_know_any_more(
    console: RunningConsole, browser: Browser
) -> None:
    context = await browser.new_context(viewport={"width": 1920, "height": 1080})
    page = await signed_in(context, console.url, f"/oee/{LINE}")
    await page.get_by_label("Wall board").click()
    await page.wait_for_url(f"**/board/{LINE}")
    await expect(page.locator(".sidebar")).to_have_count(0)
    await expect(page.locator("[data-testid=wall-oee]")).to_contain_text("%")
    await expect(page.locator(".wall-unit")).to_have_count(7)
    await expect(page.locator(".wall-count")).to_contain_text("JO-4801")
    await expect(page.locator("[data-testid=top-loss] .is-top")).to_contain_text("%")
    size = await page.eval_on_selector(
        "[data-testid=wall-oee]", "element => parseFloat(getComputedStyle(element).fontSize)"
    )
    assert size >= 120, "legible from five metres on a 40 inch screen"
    assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "a wall does not scroll"
    console.site.kill("Acme:Dallas/GW-Packaging-Line1")
    await expect(page.locator(f"[data-unit='{FILLER}']")).to_contain_text("Unknown", timeout=TWO_SECONDS_MS)
    await expect(page.locator(f"[data-unit='{FILLER}'].wall-stale")).to_be_visible()
    await console.stop()
    await expect(page.locator("[data-testid=stream-lost]")).to_be_visible(timeout=TWO_SECONDS_MS)


async def test_what_is_not_defined_is_null_with_its_reason_and_never_zero(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, "/place")
    await page.goto(f"{console.url}/board/Acme/Dallas/Packaging/Line3")
    await expect(page.locator(".wall-index")).to_contain_text("No planned busy time")
    await expect(page.locator("[data-testid=wall-oee]")).to_have_text("–")
    assert "0" not in await page.locator(".wall-factors").inner_text()


async def test_the_timeline_zooms_from_a_week_to_seconds_about_the_pointer_and_the_address_keeps_it(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/oee/{LINE}?show=timeline&span={WEEK_S}")
    timeline = page.locator("[data-testid=timeline]")
    await drawn(page)
    box = await page.locator(f"[data-unit='{FILLER}'] canvas").bounding_box()
    assert box is not None
    x = box["x"] + box["width"] * 0.9
    await page.mouse.move(x, box["y"] + 10)
    first = await shown_range(timeline)
    under = first[0] + (first[1] - first[0]) * 0.9
    for _ in range(60):
        await page.mouse.wheel(0, -200)
        low, high = await shown_range(timeline)
        if high - low < 20_000:
            break
    low, high = await shown_range(timeline)
    assert first[1] - first[0] == pytest.approx(WEEK_S * 1000, rel=0.01)
    assert high - low < 20_000
    assert low + (high - low) * 0.9 == pytest.approx(under, abs=(first[1] - first[0]) * 0.002)
    await page.wait_for_url(lambda url: f"from={quote(iso(low))}" in url)
    await page.reload()
    await expect(timeline).to_have_attribute("data-from", str(low))
    await page.locator(".timeline-rows").focus()
    await page.keyboard.press("-")
    await expect(timeline).not_to_have_attribute("data-to", str(high))
    await page.get_by_label("Earlier").click()
    assert (await shown_range(timeline))[1] < high
    await page.get_by_role("button", name="Now", exact=True).click()
    await expect(page.get_by_role("button", name="Now", exact=True)).to_have_attribute("aria-pressed", "true")


async def test_two_fingers_zoom_the_timeline(console: RunningConsole, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = await signed_in(context, console.url, f"/oee/{LINE}?show=timeline&span=28800")
    timeline = page.locator("[data-testid=timeline]")
    await drawn(page)
    box = await page.locator(f"[data-unit='{FILLER}'] canvas").bounding_box()
    assert box is not None
    before = await shown_range(timeline)
    fingers = await context.new_cdp_session(page)
    middle, y = box["x"] + box["width"] / 2, box["y"] + 20

    async def touch(kind: str, apart: float) -> None:
        points = [] if kind == "touchEnd" else [{"x": middle + side * apart, "y": y, "id": side} for side in (-1, 1)]
        await fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    await touch("touchStart", 40)
    for apart in range(50, 170, 10):
        await touch("touchMove", apart)
    await touch("touchEnd", 160)
    after = await shown_range(timeline)
    assert after[1] - after[0] < (before[1] - before[0]) / 2


async def test_an_interval_opens_with_what_stands_behind_it_down_to_the_samples(
    console: RunningConsole, browser: Browser
) -> None:
    stop = a_stop(console)
    page = await signed_in(await browser.new_context(), console.url, opened(stop).partition("&unit")[0])
    timeline = page.locator("[data-testid=timeline]")
    await drawn(page)
    box = await page.locator(f"[data-unit='{FILLER}'] canvas").bounding_box()
    assert box is not None
    low, high = await shown_range(timeline)
    middle = (stop.start_ms + stop.end_ms) / 2
    await page.mouse.click(box["x"] + (middle - low) / (high - low) * box["width"], box["y"] + box["height"] / 2)
    panel = page.locator("[data-testid=interval]")
    for words in ("Delay time", "ADET", "JO-4801", "Not said yet", "The machine's state", "Final"):
        await expect(panel).to_contain_text(words)
    await expect(panel).to_contain_text("Machine state changed")
    await expect(panel).to_contain_text("Shift closed")
    await panel.locator("[data-testid=samples]").click()
    await expect(panel.locator(".samples")).to_contain_text("Held (11)")
    await expect(panel.locator(".samples")).to_contain_text("Admin/ProdProcessedCount")
    assert parse_qs(urlsplit(page.url).query)["at"] == [iso(stop.start_ms)]
    await panel.get_by_label("Next interval").click()
    await expect(panel).to_contain_text("Production time")
    await panel.get_by_label("Previous interval").click()
    await expect(panel).to_contain_text("Delay time")


async def test_an_operator_says_why_and_it_shows_only_when_the_unit_was_judged_with_it(
    console: RunningConsole, browser: Browser
) -> None:
    stop = a_stop(console)
    console.site.oee.holds = True
    page = await signed_in(await browser.new_context(), console.url, opened(stop), role="operator")
    await page.locator("[data-testid=classify]").click()
    dialog = page.locator("dialog[open]")
    for level in ("Equipment", "Filler", "Valve"):
        await dialog.get_by_label(f"Reasons below {level}").click()
    await dialog.locator("[data-reason=EQ-FILL-VALVE-SEAL]").click()
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog).to_contain_text("Say in a few words what happened")
    assert console.site.oee.sent == []
    await dialog.locator("input[name=why]").fill("seal worn through")
    await dialog.locator("[data-testid=classify-send]").dblclick()
    await expect(dialog.locator("[data-testid=classify-news]")).to_contain_text("Waiting until")
    await expect(page.locator("[data-testid=interval] .facts")).to_contain_text("Not said yet")
    console.site.oee.judge()
    await expect(dialog).to_have_count(0)
    panel = page.locator("[data-testid=interval]")
    await expect(panel.locator(".facts")).to_contain_text("Equipment › Filler › Valve › Worn seal")
    await expect(panel.locator(".words")).to_contain_text("seal worn through")
    await expect(panel).to_contain_text("A person")
    (sent,) = console.site.oee.sent
    assert (sent.name, sent.subject, sent.actor, sent.reason) == (
        "ClassifyStop",
        FILLER,
        "operator",
        "seal worn through",
    )
    assert sent.args == {"start": iso(stop.start_ms), "end": iso(stop.end_ms), "reason_code": "EQ-FILL-VALVE-SEAL"}


async def test_a_stop_is_split_in_parts_with_reasons_of_their_own_and_stops_are_merged(
    console: RunningConsole, browser: Browser
) -> None:
    stop = a_stop(console)
    page = await signed_in(await browser.new_context(), console.url, opened(stop))
    await page.locator("[data-testid=classify]").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("[data-reason=MAT]").click()
    await dialog.locator("[data-testid=split]").click()
    await dialog.locator("input[name=why]").fill("two things")
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog).to_contain_text("Choose a reason for part 2")
    await dialog.locator(".part").nth(1).click()
    await dialog.locator("input[type=search]").fill("cap hop")
    await dialog.locator("[data-reason=MAT-CAPS]").click()
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog).to_have_count(0)
    sent: Any = console.site.oee.sent[0]
    assert sent.name == "SplitStop"
    assert [part["reason_code"] for part in sent.args["parts"]] == ["MAT", "MAT-CAPS"]
    assert sent.args["parts"][1]["end"] == iso(stop.end_ms)
    await page.locator("[data-testid=classify]").click()
    await dialog.locator("[data-testid=merge]").select_option("1")
    await dialog.locator("[data-reason=MAT]").click()
    await dialog.locator("input[name=why]").fill("one thing after all")
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog).to_have_count(0)
    merged: Any = console.site.oee.sent[1]
    assert (merged.name, merged.args["start"], merged.args["end"]) == (
        "MergeStops",
        iso(stop.start_ms),
        iso(stop.end_ms),
    )


async def test_a_refused_reason_stays_in_the_dialog_with_what_oee_said(
    console: RunningConsole, browser: Browser
) -> None:
    console.site.oee.refusal = "reason MAT is retired; choose another"
    page = await signed_in(await browser.new_context(), console.url, opened(a_stop(console)))
    await page.locator("[data-testid=classify]").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("[data-reason=MAT]").click()
    await dialog.locator("input[name=why]").fill("empty")
    await dialog.locator("[data-testid=classify-send]").click()
    await expect(dialog.locator("[data-testid=classify-news]")).to_contain_text("Reason MAT is retired; choose another")
    await expect(dialog.locator("[data-testid=classify-send]")).to_be_enabled()


async def test_who_may_only_look_is_told_who_may_say_why(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, opened(a_stop(console)), role="viewer")
    panel = page.locator("[data-testid=interval]")
    await expect(panel).to_contain_text("needs an operator")
    await expect(panel.locator("[data-testid=classify]")).to_have_count(0)


async def test_a_bar_of_the_waterfall_leads_to_its_intervals_and_one_of_them_to_its_place_in_time(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/oee/{FILLER}?show=losses&span=86400")
    chart = page.locator("[data-unexplained]")
    await expect(chart).to_have_attribute("data-unexplained", "0")
    await page.locator("[data-step='setup and adjustment']").click()
    row = page.locator("[data-testid=intervals] li").first
    await expect(row).to_contain_text("Changeover")
    length = await row.locator(".interval-length").inner_text()
    await row.locator("a").click()
    panel = page.locator("[data-testid=interval]")
    await expect(panel).to_contain_text("AUST")
    await expect(panel.locator(".interval-lead")).to_contain_text(length)
    await page.go_back()
    await expect(row).to_be_visible()


async def test_the_pareto_ranks_by_time_or_by_count_and_leads_to_the_stops_of_a_reason(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/oee/{LINE}?show=losses&span=86400")
    pareto = page.locator("[data-testid=pareto]")
    await pareto.get_by_role("button", name="By count").click()
    counts = [int((await size.inner_text()).split()[0]) for size in await pareto.locator(".pareto-size").all()]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 2
    await pareto.locator("[data-reason=EQ-FILL]").click()
    await expect(page.locator("[data-testid=intervals] li").first).to_contain_text("Equipment › Filler")
    await page.wait_for_url(lambda url: "reason=EQ-FILL" in url)


async def test_a_trend_tells_final_from_provisional_and_what_a_restatement_replaced(
    console: RunningConsole, browser: Browser
) -> None:
    shift = console.site.oee._shift_at(console.site.oee.known_ms - 2 * SHIFT_MS)
    console.site.oee.revisions = [
        {
            **shift, "place": FILLER, "revision": 2, "supersedes": "0193a0c0-0000-7000-8000-000000000001",
            "why": "classified by a person", "oee": "0.712500000",
            "difference": {
                "oee": "0.031250000", "pbt_ms": -1_800_000, "apt_ms": 0, "aust_ms": 0, "adet_ms": -1_800_000,
                "adot_ms": 0, "produced": 0, "good": 0,
            },
        }
    ]  # fmt: skip
    page = await signed_in(await browser.new_context(), console.url, f"/oee/{FILLER}?show=trend")
    await expect(page.locator(".trend-chart canvas")).to_be_visible()
    restated = page.locator("[data-testid=restatements] li")
    await expect(restated).to_contain_text("68.13% → 71.25%")
    await expect(restated).to_contain_text("PBT −30 min")
    await expect(restated).to_contain_text("classified by a person")
    row = page.locator(f"[data-key='{shift['date']} {shift['shift']}']")
    await expect(row).to_contain_text("Restated")
    await expect(row).to_contain_text("Final")
    await expect(page.locator("tbody tr").first).to_contain_text("Open")
    await row.locator("a").click()
    await expect(page.locator("[data-testid=point]")).to_contain_text("/")
    await page.get_by_role("link", name="Losses of this time").click()
    await expect(page.locator("[data-unexplained='0']")).to_be_visible()


async def test_a_silent_service_is_said_on_every_page_and_asked_again(
    console: RunningConsole, browser: Browser
) -> None:
    console.site.oee.unreachable = True
    page = await signed_in(await browser.new_context(), console.url, "/place")
    for show in ("timeline", "losses", "trend"):
        await page.goto(f"{console.url}/oee/{LINE}?show={show}")
        await expect(page.locator(".failed")).to_contain_text("does not answer right now")
    console.site.oee.unreachable = False
    await page.get_by_role("button", name="Try again").click()
    await expect(page.locator(".trend-chart canvas")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
async def test_no_oee_page_scrolls_sideways_and_what_operators_touch_fits_a_glove(
    console: RunningConsole, browser: Browser, size: ViewportSize
) -> None:
    context = await browser.new_context(viewport=size, has_touch=size["width"] < 1000)
    page = await signed_in(context, console.url, opened(a_stop(console)))
    await page.locator("[data-testid=classify]").click()
    for button in await page.locator(
        "dialog .reason, dialog .classify-tools .button, dialog .dialog-foot .button"
    ).all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 48
    for address in ("oee", "oee?show=timeline", "oee?show=losses", "oee?show=trend", "board"):
        view, _, query = address.partition("?")
        await page.goto(f"{console.url}/{view}/{LINE}?{query}")
        await page.wait_for_selector(".page .panel, .page .tile, .wall-unit")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_of_the_oee_pages_has_the_contrast_of_wcag_aa(
    console: RunningConsole, browser: Browser, scheme: str
) -> None:
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = await signed_in(context, console.url, "/place")
    for address, ready in (
        (opened(a_stop(console)), ".facts"),
        (f"/oee/{LINE}?show=losses&loss=no+order", ".pareto-bar"),
        (f"/oee/{LINE}?show=trend", ".figures-table"),
        (f"/board/{LINE}", ".wall-loss .is-top"),
    ):
        await page.goto(console.url + address)
        await page.wait_for_selector(ready)
        assert await faint_texts(page) == [], address
