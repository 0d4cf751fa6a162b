"""The console in a real browser, on a site in memory: what a person sees and does."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Browser, Page, ViewportSize, expect

from tests.fakes.console_browser import RunningConsole, signed_in

pytestmark = [pytest.mark.browser, pytest.mark.timeout(90), pytest.mark.asyncio(loop_scope="module")]

PACKAGING = "/Acme/Dallas/Packaging"
FILLER = f"/place{PACKAGING}/Line1/Filler"
SPEED = "tr[data-metric='Status/CurMachSpeed']"
TWO_SECONDS_MS = 2_000
VIEWS = ("place", "orders", "dispatch", "operate", "masters", "oee", "nodes", "events")
SIZES = [
    ViewportSize(width=1440, height=900),
    ViewportSize(width=820, height=1180),
    ViewportSize(width=390, height=844),
]


async def test_a_wrong_password_is_said_and_the_right_one_opens_the_view_of_the_link(
    console: RunningConsole, browser: Browser
) -> None:
    page = await (await browser.new_context()).new_page()
    await page.goto(console.url + FILLER)
    await page.fill("input[name=username]", "operator")
    await page.fill("input[name=password]", "not-it-at-all")
    await page.keyboard.press("Enter")
    await expect(page.locator("[role=alert]")).to_contain_text("wrong")
    await page.fill("input[name=password]", "operator-pw")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Filler")
    await expect(page.locator(".tree [aria-selected=true]")).to_contain_text("Filler")
    assert page.url == console.url + FILLER


async def test_a_value_changes_without_a_reload(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, FILLER)
    value = page.locator(f"{SPEED} td.value")
    before = await value.inner_text()
    await expect(value).not_to_have_text(before)


async def test_a_killed_edge_node_turns_stale_within_two_seconds(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, FILLER)
    await page.wait_for_selector(f"{SPEED}.q-good")
    console.site.kill("Acme:Dallas/GW-Packaging-Line1")
    await page.wait_for_selector(f"{SPEED}.q-stale", timeout=TWO_SECONDS_MS)
    await expect(page.locator(".page-state")).to_contain_text("Unknown")
    await page.goto(f"{console.url}/nodes/Acme/Dallas")
    await expect(page.locator("tr[data-node='Acme:Dallas/GW-Packaging-Line1']")).to_contain_text("Offline")


async def test_a_lost_stream_greys_the_page_within_two_seconds_and_says_so(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}/Line1")
    await page.wait_for_selector("[data-order=JO-4801] [data-action=Pause]:enabled")
    await console.stop()
    await page.wait_for_selector("[data-testid=stream-lost]", timeout=TWO_SECONDS_MS)
    assert "grayscale" in await page.eval_on_selector(".content", "element => getComputedStyle(element).filter")
    await expect(page.locator("[data-order=JO-4801] [data-action=Pause]")).to_be_disabled()


async def test_a_console_that_hears_nothing_itself_greys_its_pages(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, FILLER)
    console.site.live.misses("broker", "the console has lost the broker", console.site.now)
    await expect(page.locator("[data-testid=stream-lost]")).to_contain_text("lost the broker", timeout=TWO_SECONDS_MS)
    console.site.live.hears("broker", console.site.now)
    await expect(page.locator("[data-testid=stream-lost]")).to_have_count(0)


async def test_a_job_order_is_released_and_begun_and_its_state_follows(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}")
    line3 = page.locator("[data-lane='Acme/Dallas/Packaging/Line3']")
    await line3.locator("[data-order=JO-4950] [data-action=Begin]").click()
    await expect(line3.locator("article[data-order=JO-4950]")).to_contain_text("Running")
    row = page.locator("[data-order=JO-4803]")
    await row.locator("[data-action=Start]").dblclick()
    await expect(row).to_contain_text("Released")
    assert [(sent.name, sent.actor) for sent in console.site.orders.sent] == [
        ("Begin", "supervisor"),
        ("Start", "supervisor"),
    ]


async def test_a_refusal_shows_its_reason_at_the_order(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}/Line1")
    row = page.locator("[data-order=JO-4802]")
    await row.get_by_label("More actions").click()
    await row.get_by_text("Begin", exact=True).click()
    await expect(row.locator("[data-testid=action-news]")).to_contain_text("JO-4801 is running there")


async def test_a_dangerous_action_asks_once_and_names_what_will_happen(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}?order=JO-4801")
    panel = page.locator(".side-panel")
    await panel.locator("[data-action=Abort]").click()
    dialog = page.locator("dialog[open]")
    await expect(dialog).to_contain_text("Abort JO-4801?")
    await expect(dialog).to_contain_text(re.compile(r"cannot be resumed; Line1 becomes free"))
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    assert console.site.orders.sent == []
    await panel.locator("[data-action=Abort]").click()
    await dialog.locator("[data-testid=confirm]").click()
    await expect(panel).to_contain_text("Aborted")
    assert [sent.name for sent in console.site.orders.sent] == ["Abort"]


async def test_a_supervisor_creates_an_order_and_mistakes_stand_at_the_field(
    console: RunningConsole, browser: Browser
) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}/Line2")
    await page.locator("[data-testid=new-order]").click()
    dialog = page.locator("dialog[open]")
    await dialog.locator("input[name=id]").fill("JO-7001")
    await dialog.locator("button[type=submit]").click()
    await expect(dialog.locator(".field-problem")).to_have_count(2)
    await dialog.locator("input[name=product]").fill("Lemon 0.5 L PET")
    await dialog.locator("input[name=quantity]").fill("2400")
    await dialog.locator("button[type=submit]").click()
    await expect(page.locator(".side-panel h2")).to_have_text("JO-7001")
    assert console.site.orders.orders["JO-7001"].work_center == "Acme/Dallas/Packaging/Line2"


async def test_a_viewer_sees_everything_and_is_offered_nothing(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, f"/orders{PACKAGING}", role="viewer")
    await expect(page.locator("article[data-order=JO-4801]")).to_be_visible()
    await expect(page.locator("[data-action]")).to_have_count(0)
    await expect(page.locator(".notice").first).to_contain_text("look, but not act")


async def test_the_keyboard_searches_goes_and_switches_views(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, "/place/Acme/Dallas")
    await page.keyboard.press("/")
    await page.keyboard.type("line2 cap")
    await expect(page.locator(".tree .row")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Capper")
    await page.keyboard.press("Escape")
    await page.locator(".tree").focus()
    await page.keyboard.press("ArrowUp")
    await page.keyboard.press("Enter")
    await expect(page.locator("h1")).to_have_text("Filler")
    await page.locator(".content").focus()
    await page.keyboard.press("3")
    await page.wait_for_url(f"**/oee{PACKAGING}/Line2/Filler")
    await page.keyboard.press("?")
    await expect(page.locator("dialog[open]")).to_contain_text("Keyboard shortcuts")


async def test_signing_out_leaves_nothing_behind(console: RunningConsole, browser: Browser) -> None:
    page = await signed_in(await browser.new_context(), console.url, FILLER)
    await page.locator("[data-testid=user-menu]").click()
    await page.locator("[data-testid=sign-out]").click()
    await expect(page.locator("input[name=password]")).to_be_visible()
    assert console.site.sessions.by_hash == {}
    await page.reload()
    await expect(page.locator("input[name=password]")).to_be_visible()


@pytest.mark.parametrize("size", SIZES, ids=lambda size: str(size["width"]))
async def test_no_page_scrolls_sideways_and_operator_actions_fit_a_glove(
    console: RunningConsole, browser: Browser, size: ViewportSize
) -> None:
    context = await browser.new_context(viewport=size, has_touch=size["width"] < 1000)
    page = await signed_in(context, console.url, f"/orders{PACKAGING}")
    for button in await page.locator(".actions .button").all():
        box = await button.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= 48
    for view in VIEWS:
        await page.goto(f"{console.url}/{view}{PACKAGING}")
        await page.wait_for_selector(".page")
        assert await page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view
        assert await page.evaluate(
            "(({scrollWidth, clientWidth}) => scrollWidth <= clientWidth)(document.querySelector('.content'))"
        ), view


async def test_the_page_asks_nobody_but_the_console_and_breaks_no_rule_of_its_own(
    console: RunningConsole, browser: Browser
) -> None:
    context = await browser.new_context()
    asked: list[str] = []
    problems: list[str] = []
    context.on("request", lambda request: asked.append(request.url))
    page = await signed_in(context, console.url, f"/orders{PACKAGING}?order=JO-4801")
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    for view in ("place", "oee", "nodes", "events", "orders"):
        await page.locator(f".tabs a[href^='/{view}/']").click()
        await page.wait_for_selector(".page")
    assert [url for url in asked if not url.startswith((console.url, "data:"))] == []
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_text_has_the_contrast_of_wcag_aa(console: RunningConsole, browser: Browser, scheme: str) -> None:
    context = await browser.new_context(color_scheme="dark" if scheme == "dark" else "light")
    page = await signed_in(context, console.url, f"/place{PACKAGING}")
    for view in VIEWS:
        await page.goto(f"{console.url}/{view}{PACKAGING}")
        await page.wait_for_selector(".page")
        assert await faint_texts(page) == [], view


async def faint_texts(page: Page) -> list[str]:
    """Return the texts whose contrast is below WCAG 2.2 AA (1.4.3: 4.5, large text 3)."""
    return list(
        await page.evaluate(
            """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 1, height: 1 });
  const paint = canvas.getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    paint.clearRect(0, 0, 1, 1);
    paint.fillStyle = colour;
    paint.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const over = ([r, g, b, a], [R, G, B]) => [r * a + R * (1 - a), g * a + G * (1 - a), b * a + B * (1 - a), 1];
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      layers.push(colour);
      if (colour[3] === 1) break;
    }
    return layers.reverse().reduce((below, layer) => over(layer, below), [255, 255, 255, 1]);
  };
  const light = ([r, g, b]) => {
    const [x, y, z] = [r, g, b].map((c) => (c / 255 <= 0.04045 ? c / 255 / 12.92 : ((c / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * x + 0.7152 * y + 0.0722 * z;
  };
  const faint = new Set();
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const style = getComputedStyle(element);
    const text = walker.currentNode.textContent.trim();
    if (!text || !element.checkVisibility() || element.closest(":disabled, .visually-hidden")) continue;
    const back = ground(element);
    const [a, b] = [light(over(rgba(style.color), back)), light(back)];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) faint.add(`${text.slice(0, 30)} (${element.className}): ${ratio.toFixed(2)}`);
  }
  return [...faint];
}"""
        )
    )
