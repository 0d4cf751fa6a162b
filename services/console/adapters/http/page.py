"""The bundled page: one HTML file for every view's address, and its assets, which carry a hash in their
names.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response

from services.console.adapters.http.parts import parts_of

_NOT_BUILT = (
    "The console's page has not been built yet. Run `npm ci && npm run build` in services/console/web and reload."
)


async def index(request: Request) -> Response:
    """Answer every address that is a view: the page finds the view in the address itself."""
    html = parts_of(request).bundle / "index.html"
    if not html.is_file():
        return PlainTextResponse(_NOT_BUILT, status_code=503)
    return FileResponse(html, media_type="text/html; charset=utf-8", headers={"cache-control": "no-cache"})


async def asset(request: Request) -> Response:
    """Answer ``/assets/<name>``; names carry a content hash, so a browser may keep them for good."""
    folder = (parts_of(request).bundle / "assets").resolve()
    file = (folder / Path(request.path_params["name"]).name).resolve()
    if file.parent != folder or not file.is_file():
        return PlainTextResponse("There is no such asset; reload the page.", status_code=404)
    return FileResponse(file, headers={"cache-control": "public, max-age=31536000, immutable"})
