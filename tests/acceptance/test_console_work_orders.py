"""Dispatch board, order page and operator page in a real browser, on a site in memory: what a person sees and does."""

from __future__ import annotations

import re
from typing import Any, Literal
from urllib.parse import quote

import pytest
from playwright.async_api import Browser, FloatRect, Locator, Page, expect

from tests.acceptance.test_console_browser import faint_texts
from tests.fakes.console_browser import RunningConsole, signed_in
from tests.fakes.console_masters import LEMON, WATER

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]

PACKAGING = "/Acme/Dallas/Packaging"
LINE1 = "Acme/Dallas/Packaging/Line1"
LINE3 = f"{PACKAGING}/Line3"
QUEUED = ["JO-4802", "JO-4803", "JO-4804", "JO-4805"]


async def box_of(locator: Locator) -> FloatRect:
    box = await locator.bounding_box()
    assert box is not None
    return box


async def grips(page: Page, place: str = LINE1) -> tuple[Locator, list[dict[str, float]]]:
    """Return the rows of a queue, and the middle of each row's grip."""
    rows = page.locator(f"[data-lane='{place}'] [data-row]")
    await expect(rows).to_have_count(len(QUEUED))
    middles = []
    for row in await rows.all():
        box = await box_of(row.locator(".grip"))
        middles.append({"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
    return rows, middles


async def expect_queue(page: Page, *ids: str) -> None:
    rows = page.locator(f"[data-lane='{LINE1}'] [data-row]")
    for index, order_id in enumerate(ids):
        await expect(rows.nth(index)).to_have_attribute("data-row", order_id)


def sent(console: RunningConsole) -> list[tuple[str, str]]:
    return [(request.name, request.subject) for request in console.site.orders.sent]


async def test_an_order_is_dragged_to_the_front_with_the_version_that_was_seen(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    _, (first, _, _, last) = await grips(page)
    await page.mouse.move(last["x"], last["y"])
    await page.mouse.down()
    await page.mouse.move(first["x"], first["y"] + 10, steps=4)
    await page.mouse.move(first["x"], first["y"] - 30, steps=4)
    await page.mouse.up()
    await expect_queue(page, "JO-4805", "JO-4802", "JO-4803", "JO-4804")
    await expect(page.locator(".toast")).to_contain_text("JO-4805 is number 1 now")
    await expect(page.locator("[data-row=JO-4805] .pin")).to_be_visible()
    (request,) = console.site.orders.sent
    assert (request.name, request.subject, request.expected_version) == ("Resequence", LINE1, 0)
    assert request.args == {"job_orders": ["JO-4805"]}


async def test_a_finger_drags_as_a_mouse_does(console: RunningConsole, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = await signed_in(context, console.url, f"/dispatch{PACKAGING}/Line1")
    _, (first, second, third, _) = await grips(page)
    finger = await context.new_cdp_session(page)

    async def touch(kind: str, *points: dict[str, float]) -> None:
        await finger.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": list(points)})

    await touch("touchStart", first)
    for at in (second["y"], third["y"], third["y"] + 20):
        await touch("touchMove", {"x": first["x"], "y": at})
    await touch("touchEnd")
    await expect_queue(page, "JO-4803", "JO-4804", "JO-4802", "JO-4805")
    assert console.site.orders.sent[0].args == {"job_orders": ["JO-4803", "JO-4804", "JO-4802"]}


async def test_the_keyboard_moves_an_order_up_and_down_and_what_runs_has_no_handle(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    await grips(page)
    await page.locator("[data-row=JO-4804] .grip").press("ArrowUp")
    await expect_queue(page, "JO-4802", "JO-4804", "JO-4803", "JO-4805")
    await expect(page.locator("[data-row=JO-4804] .grip")).to_be_enabled()
    await page.locator("[data-row=JO-4804] .grip").press("ArrowDown")
    await expect_queue(page, *QUEUED)
    running = page.locator("article[data-order=JO-4801]")
    await expect(running).to_contain_text("Running")
    await expect(running.locator(".grip")).to_have_count(0)


async def test_a_move_is_shown_as_asked_for_until_the_service_answers(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    await grips(page)
    console.site.orders.delay_s = 0.8
    await page.locator("[data-row=JO-4803] .grip").press("ArrowUp")
    await expect(page.locator("[data-row=JO-4803]")).to_have_class(re.compile("is-pending"))
    assert console.site.orders.work.sequences == {}
    await expect(page.locator("[data-row=JO-4803]")).not_to_have_class(re.compile("is-pending"))
    assert console.site.orders.work.sequences == {LINE1: ["JO-4803"]}


async def test_a_refused_move_puts_the_list_back_and_says_why(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    await grips(page)
    console.site.orders.work.versions[LINE1] = 7
    await page.locator("[data-row=JO-4805] .grip").press("Home")
    news = page.locator(f"[data-lane='{LINE1}'] [data-testid=lane-news]")
    await expect(news).to_contain_text("is at version 7, the command expected 0")
    await expect_queue(page, *QUEUED)
    assert console.site.orders.work.sequences == {}


async def test_holds_and_equipment_that_cannot_be_used_stand_with_their_reason(
    console: RunningConsole, browser: Browser
) -> None:
    console.site.orders.work.holds["JO-4803"] = "label proof missing"
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    await expect(page.locator("[data-row=JO-4803] [data-obstacle=OnHold]")).to_contain_text("label proof missing")
    lane = page.locator(f"[data-lane='{LINE1}']")
    await lane.get_by_label("More for this work center").click()
    await lane.get_by_text("Make not available…").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(dialog.locator(".field-problem")).to_be_visible()
    assert console.site.orders.sent == []
    await dialog.locator("input[name=reason]").fill("bearing is changed")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(lane.locator("[data-testid=unavailable]")).to_contain_text("bearing is changed")
    assert sent(console) == [("SetAvailability", LINE1)]


async def test_lateness_has_a_shape_and_a_word(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    chip = page.locator("[data-row=JO-4805] .late-chip")
    await expect(chip).to_contain_text("early")
    assert await chip.get_attribute("data-lateness") == "intime"
    await expect(chip.locator("svg.late-intime")).to_be_visible()


async def test_the_list_of_a_past_moment_is_read_only_and_has_an_address(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/dispatch{PACKAGING}")
    await grips(page)
    await page.locator("[data-testid=as-of]").click()
    await page.locator("input[name=at]").fill("2026-03-02T06:00")
    await page.locator(".as-of button[type=submit]").click()
    await expect(page.locator(".past-note")).to_contain_text("Nothing can be changed here")
    lane = page.locator(f"[data-lane='{LINE1}']")
    await expect(lane.locator(".past-order")).to_have_count(len(QUEUED))
    await expect(page.locator(".grip")).to_have_count(0)
    assert "at=2026-03-02T" in page.url
    (asked, *_) = [args for query, args in console.site.orders.work.asked if query == "dispatch_list"]
    assert asked["as_of"].startswith("2026-03-02T")
    await page.locator("[data-testid=back-to-now]").click()
    await expect(page.locator(f"[data-lane='{LINE1}'] .grip")).to_have_count(len(QUEUED))


async def test_an_operator_begins_reports_scrap_with_its_reason_and_completes(
    console: RunningConsole, browser: Browser
) -> None:
    context = await browser.new_context(viewport={"width": 1180, "height": 820}, has_touch=True)
    page = await signed_in(context, console.url, f"/operate{LINE3}", role="operator")
    await page.locator("li[data-order=JO-4950] [data-action=Begin]").tap()
    order = page.locator("article[data-order=JO-4950]")
    await expect(order).to_contain_text("Running")
    await order.locator("[data-action=scrap]").tap()
    pad = page.locator("[data-testid=quantity-pad]")
    for key in ("1", "2"):
        await pad.locator(f"[data-key='{key}']").tap()
    await pad.locator("[data-testid=report]").tap()
    await expect(pad.get_by_role("alert")).to_contain_text("Choose why")
    await pad.locator("[data-reason='DEF-DENT']").tap()
    await expect(pad.locator("[data-testid=report]")).to_contain_text("Report 12 pcs scrap")
    await pad.locator("[data-testid=report]").dblclick()
    await expect(pad).to_have_count(0)
    await expect(order.locator(".station-words")).to_contain_text("Scrap 12")
    await order.locator("[data-action=Complete]").click()
    await page.locator("dialog[open] [data-testid=confirm]").click()
    await expect(page.locator(".station-empty")).to_be_visible()
    assert sent(console) == [("Begin", "JO-4950"), ("ReportQuantity", "JO-4950"), ("Complete", "JO-4950")]
    assert console.site.orders.sent[1].args == {"scrap": "12", "unit": "EA", "scrap_reason": "DEF-DENT"}
    assert console.site.orders.orders["JO-4950"].state == "Ended"


async def test_persons_clock_on_and_off_and_a_refusal_says_why(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/operate{PACKAGING}/Line1", role="operator")
    order = page.locator("article[data-order=JO-4801]")
    await expect(order.locator("[data-testid=personnel-class]")).to_contain_text("Needs Filler operator")
    await order.locator("[data-action=ClockOn]").click()
    await expect(order.locator("[data-clock-off=operator]")).to_be_visible()
    await order.get_by_text("Another person…").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("input[name=person]").fill("operator")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(dialog.locator("[data-testid=intent-news]")).to_contain_text(
        "is clocked on to job order JO-4801 already"
    )
    await dialog.locator("input[name=person]").fill("temp")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(dialog.locator("[data-testid=intent-news]")).to_contain_text("temp is not in it")
    await page.keyboard.press("Escape")
    await order.locator("[data-clock-off=operator]").click()
    await expect(order.locator(".persons")).to_contain_text("Nobody is clocked on")
    assert [name for name, _ in sent(console)] == ["ClockOn", "ClockOn", "ClockOn", "ClockOff"]


async def test_an_operator_holds_with_a_reason_and_only_a_supervisor_ends_it(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/operate{PACKAGING}/Line1", role="operator")
    order = page.locator("article[data-order=JO-4801]")
    await order.locator("[data-action=Hold]").click()
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("it is interrupted at once")
    await dialog.get_by_text("Quality check", exact=True).click()
    await dialog.locator("[data-testid=confirm]").click()
    await expect(order.locator("[data-obstacle=OnHold]")).to_contain_text("Quality check")
    await expect(order.locator("[data-action=Release]")).to_have_count(0)
    assert console.site.orders.sent[0].reason == "Quality check"


async def test_an_order_has_its_timeline_and_from_a_number_it_is_two_clicks_to_the_reason(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/operate{PACKAGING}/Line1")
    await page.locator("[data-action=ClockOn]").click()
    await expect(page.locator("[data-clock-off=supervisor]")).to_be_visible()
    await page.locator("[data-action=scrap]").click()
    await page.locator("[data-key='7']").click()
    await page.locator("[data-reason='DEF-SIZE']").click()
    await page.locator("[data-testid=report]").click()
    await expect(page.locator("[data-testid=quantity-pad]")).to_have_count(0)
    await page.get_by_text("Open its page").click()
    await expect(page.locator("[data-testid=timeline] [data-band=state][data-what=Running]")).to_have_count(1)
    await expect(page.locator("[data-testid=timeline] [data-band=state]")).to_have_count(3)
    await expect(page.locator("[data-testid=timeline] [data-band=labor]")).to_have_count(1)
    await expect(page.locator("[data-testid=reasons]")).to_contain_text("Wrong size")
    await page.locator(".bar-column").last.click()
    reports = page.locator("[data-testid=reports]")
    await expect(reports).to_contain_text("7 scrap · Wrong size")
    await expect(reports).to_contain_text("reported by supervisor")
    await expect(page.locator("tr.is-here")).to_contain_text("JO-4801")
    assert page.url.endswith("/order/Acme/Dallas/Packaging/Line1?order=JO-4801")


async def test_a_supervisor_splits_and_a_refusal_keeps_the_dialog_with_the_reason(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/order{PACKAGING}/Line1?order=JO-4802")
    await page.locator("[data-action=Split]").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("input[name=quantity]").fill("4000")
    await dialog.locator("input[name=into]").fill("JO-4803")
    await expect(dialog).to_contain_text("JO-4802 keeps 14,000 pcs; JO-4803 gets 4,000 pcs at Line1.")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(dialog.locator("[data-testid=intent-news]")).to_contain_text("choose another id")
    await dialog.locator("input[name=into]").fill("JO-4802-1")
    await dialog.locator("[data-testid=confirm]").click()
    await expect(dialog).to_have_count(0)
    await expect(page.locator(".order-links")).to_contain_text("JO-4802-1")
    made: Any = console.site.orders.orders["JO-4802-1"].ordered
    assert made.value == "4000"


async def test_a_supervisor_compares_two_versions_of_a_work_master_and_makes_one_effective(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}")
    await page.keyboard.press("w")
    await expect(page.locator("[data-master]")).to_have_count(3)
    await page.get_by_label("Search work masters").fill("lemon-500")
    await expect(page.locator("[data-master]")).to_have_count(1)
    await page.get_by_role("link", name=LEMON).click()
    await expect(page.locator(".version.is-shown")).to_have_attribute("data-version", "2")
    await page.locator("[data-version='3'] .version-main").click()
    await page.locator("[data-compare='2']").click()
    fill = page.locator("[data-operation=FILL]")
    await expect(fill.locator("[data-column=run] ins")).to_have_text("0.45 s")
    await expect(fill.locator("[data-column=run] del")).to_have_text("0.5 s")
    await expect(page.locator("[data-operation=PACK]")).to_contain_text("gone")
    console.site.orders.delay_s = 0.5
    await page.locator("[data-action=ActivateWorkMaster]").click()
    assert sent(console) == []
    await page.locator("dialog[open] [data-testid=confirm]").click()
    await expect(page.locator("[data-action=ActivateWorkMaster]")).to_contain_text("Making effective…")
    await expect(page.locator(".version.is-shown [data-standing]")).to_have_attribute("data-standing", "coming")
    await expect(page.locator("[data-action=RetireWorkMaster]")).to_be_enabled()
    (request,) = console.site.orders.sent
    assert (request.name, request.subject, request.args) == ("ActivateWorkMaster", LEMON, {"version": 3})


async def test_a_refused_retirement_says_why_and_an_operator_only_looks(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/masters{PACKAGING}?master={quote(LEMON)}")
    await page.locator("[data-action=RetireWorkMaster]").click()
    console.site.orders.work.masters.change(LEMON, 2, "Active", "Retired")
    await page.locator("dialog[open] [data-testid=confirm]").click()
    await expect(page.locator("[data-testid=master-news]")).to_contain_text("is Retired")
    operator = await signed_in(
        await browser.new_context(), console.url, f"/masters{PACKAGING}?master={quote(WATER)}", role="operator"
    )
    await expect(operator.locator(".version.is-shown")).to_be_visible()
    await expect(operator.locator("[data-action=ActivateWorkMaster]")).to_have_count(0)
    await expect(operator.locator(".master-needs")).to_contain_text("needs a supervisor")


async def test_an_order_leads_to_the_version_it_keeps_and_that_one_to_its_open_orders(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/order{PACKAGING}/Line1?order=JO-4801")
    await page.locator("[data-testid=master]").click()
    await expect(page.locator(".version.is-shown")).to_have_attribute("data-version", "2")
    assert "version=2" in page.url
    await page.locator("tr[data-order=JO-4803] a").click()
    await expect(page.locator("h1")).to_have_text("JO-4803")


async def test_every_target_of_the_operator_page_fits_a_glove(console: RunningConsole, browser: Browser) -> None:
    context = await browser.new_context(viewport={"width": 820, "height": 1180}, has_touch=True)
    page = await signed_in(context, console.url, f"/operate{PACKAGING}/Line1", role="operator")
    await page.locator("[data-action=scrap]").tap()
    await expect(page.locator("[data-testid=quantity-pad]")).to_be_visible()
    small = []
    for target in await page.locator(".operate button, .operate a, dialog button, dialog input").all():
        box = await box_of(target)
        if min(box["width"], box["height"]) < 48:
            small.append((await target.inner_text(), box))
    assert small == []


async def test_a_silent_service_is_said_on_every_page_and_nothing_passes_for_current(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/operate{PACKAGING}/Line1")
    await expect(page.locator("article[data-order=JO-4801]")).to_be_visible()
    console.site.orders.unreachable = True
    console.site.say("JobOrderUpdated", LINE1, "JO-4802", console.site.now, None)
    await expect(page.locator("[data-testid=stale-board]")).to_be_visible()
    for view in (f"dispatch{PACKAGING}", f"order{PACKAGING}/Line1?order=JO-4801", f"masters{PACKAGING}"):
        await page.goto(f"{console.url}/{view}")
        await expect(page.get_by_role("alert").first).to_contain_text("does not answer")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_the_order_page_has_the_contrast_of_wcag_aa_and_no_page_of_orders_scrolls_sideways(
    console: RunningConsole, browser: Browser, scheme: Literal["light", "dark"]
) -> None:
    console.site.orders.work.holds["JO-4803"] = "label proof missing"
    context = await browser.new_context(viewport={"width": 390, "height": 844}, color_scheme=scheme)
    page = await signed_in(context, console.url, f"/order{PACKAGING}/Line1?order=JO-4801")
    await expect(page.locator("tr.is-here")).to_be_visible()
    for view in (
        f"order{PACKAGING}/Line1?order=JO-4801",
        f"operate{PACKAGING}/Line1",
        f"dispatch{PACKAGING}",
        f"masters{PACKAGING}?master={quote(LEMON)}&version=3&against=1",
    ):
        await page.goto(f"{console.url}/{view}")
        await page.wait_for_selector("[data-order], .order-grid")
        assert await faint_texts(page) == [], view
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert await page.evaluate(
            "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.content'))"
        ), view
