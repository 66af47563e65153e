"""The built front end; where it was never built, a page that says how to."""

from __future__ import annotations

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response

from pgflow.web.refusals import NothingHere

BUILT = Path(__file__).parent / "static"
# Their names bear a hash of what is in them.
FOREVER = "private, max-age=31536000, immutable"

_NOT_BUILT = """<!doctype html><html lang="en"><meta charset="utf-8">
<title>pgflow playground</title><h1>The pages of the playground are not built</h1>
<p>Build them with <code>make ui</code>, then load this page again. The API is served already:
<a href="/api/session">/api/session</a>.</p></html>"""


async def show_page(request: Request) -> Response:
    """A built file, else the page itself: it finds its way by the path."""
    path = request.path_params["path"]
    if path == "api" or path.startswith("api/"):
        raise NothingHere(f"there is no /{path} in the API. See /api/openapi.json")
    file = (BUILT / path).resolve()
    if path and file.is_file() and file.is_relative_to(BUILT.resolve()):
        is_asset = path.startswith("assets/")
        return FileResponse(file, headers={"cache-control": FOREVER} if is_asset else {})
    index = BUILT / "index.html"
    return FileResponse(index) if index.is_file() else HTMLResponse(_NOT_BUILT)
