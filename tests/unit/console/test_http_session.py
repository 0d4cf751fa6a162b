"""Signing in over HTTP: cookies, CSRF, origins, headers."""

import pytest

from tests.unit.console.conftest import ORIGIN, Console

READ = ("/api/session", "/api/tree", "/api/stream", "/api/job-orders", "/api/nodes", "/api/events", "/api/places/Acme")


@pytest.mark.parametrize("address", READ)
async def test_nothing_is_answered_without_a_session(console: Console, address: str) -> None:
    answer = await console.http.get(address)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "signed_out"


async def test_signing_in_tells_who_and_what_and_sets_a_cookie_no_script_can_read(console: Console) -> None:
    answer = await console.sign_in("operator")
    body = answer.json()
    assert body["user"] == {"id": "operator", "name": "Operator", "role": "operator"}
    assert "work_order/Begin" in body["commands"]
    assert "work_order/Abort" not in body["commands"]
    assert body["site"] == {"path": "Acme/Dallas", "timeZone": "America/Chicago"}
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie


async def test_a_wrong_password_is_401_and_many_are_429_with_the_wait(console: Console) -> None:
    for _ in range(5):
        answer = await console.sign_in("operator", "wrong-password")
        assert (answer.status_code, answer.json()["error"]["code"]) == (401, "wrong")
    answer = await console.sign_in("operator")
    assert answer.status_code == 429
    assert answer.json()["error"]["waitS"] == 5


async def test_signing_out_takes_the_cookie_back_and_ends_the_session(console: Console) -> None:
    await console.sign_in("viewer")
    cookie = console.http.cookies["uns_session"]
    assert (await console.http.delete("/api/session")).status_code == 204
    console.http.cookies.set("uns_session", cookie)
    assert (await console.http.get("/api/session")).status_code == 401


async def test_a_change_without_the_csrf_token_is_refused(console: Console) -> None:
    await console.sign_in("admin")
    console.http.headers["x-csrf-token"] = "guessed"
    answer = await console.http.post("/api/commands", json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "csrf")
    assert (await console.http.delete("/api/session")).status_code == 403


@pytest.mark.parametrize(
    "headers", [{"origin": "http://evil.test"}, {"sec-fetch-site": "cross-site"}, {"origin": f"{ORIGIN}.evil.test"}]
)
async def test_another_site_s_page_cannot_sign_somebody_in(console: Console, headers: dict[str, str]) -> None:
    answer = await console.http.post("/api/session", json={"user": "viewer", "password": "viewer-pw"}, headers=headers)
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "origin")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'{"user": "x"}', b'{"user": 1, "password": "x"}'])
async def test_a_malformed_sign_in_is_400(console: Console, body: bytes) -> None:
    answer = await console.http.post("/api/session", content=body)
    assert answer.status_code == 400


async def test_a_body_beyond_the_limit_is_413(console: Console) -> None:
    answer = await console.http.post("/api/session", content=b"x" * (64 * 1024 + 1))
    assert answer.status_code == 413


async def test_every_answer_carries_the_protective_headers(console: Console) -> None:
    for address in ("/", "/api/session", "/api/nothing", "/assets/main-ABC.js"):
        headers = (await console.http.get(address)).headers
        assert "script-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
    assert (await console.http.get("/api/session")).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("address", ["/", "/orders/Acme/Dallas", "/place/_unplaced/Legacy", "/oee/Acme/Dallas?x=1"])
async def test_every_view_s_address_is_the_page(console: Console, address: str) -> None:
    answer = await console.http.get(address)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("name", ["main-XYZ.js", "..%2f..%2fsecret.txt", "%2e%2e/secret.txt", "assets"])
async def test_only_assets_are_assets(console: Console, name: str) -> None:
    answer = await console.http.get(f"/assets/{name}")
    assert "secret" not in answer.text
    assert answer.status_code in {200, 404}


async def test_assets_are_kept_for_good_and_the_page_is_not(console: Console) -> None:
    assert "immutable" in (await console.http.get("/assets/main-ABC.js")).headers["cache-control"]
    assert (await console.http.get("/")).headers["cache-control"] == "no-cache"


async def test_a_console_without_its_page_says_how_to_build_it(console: Console) -> None:
    (console.parts.bundle / "index.html").unlink()
    answer = await console.http.get("/")
    assert answer.status_code == 503
    assert "npm run build" in answer.text
