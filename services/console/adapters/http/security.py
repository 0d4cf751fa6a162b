"""What every request and response must keep to: headers, body limits, the session cookie, CSRF.

The session cookie is HttpOnly and SameSite=Strict. On top, each changing request carries the session's CSRF
token in a header, and signing in - which has no session yet - must come from this page's own origin.
"""

import hmac
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from services.console.application.accounts import Accounts, SignedIn

COOKIE = "uns_session"
CSRF_HEADER = "x-csrf-token"
MAX_BODY_BYTES = 64 * 1024

_HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}


class HttpProblem(Exception):
    """An answer that is not the one hoped for: a status, a code the page knows, and a sentence."""

    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.more = more

    def response(self) -> Response:
        """Return the problem as JSON."""
        body = {"error": {"code": self.code, "message": self.message, **self.more}}
        return JSONResponse(body, status_code=self.status)


class SecurityHeaders:
    """Adds the protective headers to every response, and no-store to those of the API."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on and complete the response's headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                if scope["path"].startswith("/api/"):
                    headers["cache-control"] = "no-store"
            await send(message)

        await self._app(scope, receive, send_with_headers)


async def body_of(request: Request) -> bytes:
    """Read a request body, bounded.

    Raises:
        HttpProblem: It is larger than 64 KiB.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise HttpProblem(413, "too_large", f"A request may carry at most {MAX_BODY_BYTES} bytes.")
    return bytes(body)


async def signed_in(request: Request, accounts: Accounts) -> SignedIn:
    """Return the session of the request; for changing requests, with its CSRF token checked.

    Raises:
        HttpProblem: 401 without a live session, 403 without the right CSRF token.
    """
    found = await accounts.session(request.cookies.get(COOKIE))
    if found is None:
        raise HttpProblem(401, "signed_out", "Sign in to go on.")
    if request.method not in {"GET", "HEAD"}:
        sent = request.headers.get(CSRF_HEADER, "")
        if not hmac.compare_digest(sent.encode(), found.session.csrf_token.encode()):
            raise HttpProblem(403, "csrf", "This page is out of date; reload it and try again.")
    return found


def check_origin(request: Request) -> None:
    """Refuse a request that another site's page makes a browser send.

    Raises:
        HttpProblem: 403 for a foreign origin.
    """
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        raise HttpProblem(403, "origin", "Sign in from the console's own page.")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HttpProblem(403, "origin", "Sign in from the console's own page.")


def set_cookie(response: Response, request: Request, token: str, longest_s: float) -> None:
    """Hand the session token to the browser."""
    response.set_cookie(
        COOKIE,
        token,
        max_age=int(longest_s),
        path="/",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )


def clear_cookie(response: Response) -> None:
    """Take the session token back."""
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
