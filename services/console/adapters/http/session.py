"""Signing in, asking who is signed in, signing out."""

import math

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.console.adapters.http.parts import ConsoleParts, parts_of
from services.console.adapters.http.security import (
    HttpProblem,
    body_of,
    check_origin,
    clear_cookie,
    set_cookie,
    signed_in,
)
from services.console.application.accounts import SignedIn, SignInRefused
from services.console.application.views import session_json


class Credentials(BaseModel):
    """What the sign-in form sends."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    user: str = Field(min_length=1, max_length=80)
    password: str = Field(min_length=1, max_length=256)


async def current(request: Request) -> Response:
    """Answer ``GET /api/session``: who is signed in."""
    parts = parts_of(request)
    return JSONResponse(_session(parts, await signed_in(request, parts.accounts)))


async def sign_in(request: Request) -> Response:
    """Answer ``POST /api/session``: check name and password, open a session, set its cookie."""
    parts = parts_of(request)
    check_origin(request)
    try:
        credentials = Credentials.model_validate_json(await body_of(request))
    except ValidationError:
        raise HttpProblem(400, "malformed", "Send a user name and a password.") from None
    address = request.client.host if request.client else "unknown"
    try:
        found = await parts.accounts.sign_in(credentials.user, credentials.password, address)
    except SignInRefused as refused:
        if refused.code == "throttled":
            wait_s = math.ceil(refused.wait_s)
            raise HttpProblem(429, "throttled", f"Too many failures. Try again in {wait_s} s.", waitS=wait_s) from None
        raise HttpProblem(401, "wrong", "The user name or the password is wrong.") from None
    response = JSONResponse(_session(parts, found))
    set_cookie(response, request, found.token, parts.sessions.longest_s)
    return response


async def sign_out(request: Request) -> Response:
    """Answer ``DELETE /api/session``: end the session."""
    parts = parts_of(request)
    found = await signed_in(request, parts.accounts)
    await parts.accounts.sign_out(found.token)
    response = Response(status_code=204)
    clear_cookie(response)
    return response


def _session(parts: ConsoleParts, found: SignedIn) -> dict[str, object]:
    site = parts.live.site
    return session_json(found.user, found.session.csrf_token, site.path, site.time_zone, parts.version)
