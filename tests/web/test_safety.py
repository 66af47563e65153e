"""Hostile requests: what a web site could make the browser of a developer send."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from pgflow.testing import PgflowDatabase
from pgflow.web.playground import Playground
from tests.support.engine import Engine
from tests.web.api import HOST, TOKEN, visitor

ORIGIN = f"http://{HOST}"
BEARER = {"authorization": f"Bearer {TOKEN}"}
COOKIE = "pgflow_7437"


@pytest.fixture
async def browser(site: Playground) -> AsyncIterator[httpx.AsyncClient]:
    """Somebody who does not know the token yet."""
    async with visitor(site) as client:
        yield client


def code_of(answer: httpx.Response) -> str:
    return answer.json()["error"]["code"]


class TestTheToken:
    async def test_the_api_is_closed_without_it(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/api/flows")

        assert (answer.status_code, code_of(answer)) == (401, "unauthorized")
        assert answer.json()["error"]["message"] == (
            "the token is missing. Open the URL that was printed at the start"
        )

    @pytest.mark.parametrize("path", ["/", "/runs/7", "/assets/index.js"])
    async def test_the_pages_are_closed_without_it(
        self, browser: httpx.AsyncClient, path: str
    ) -> None:
        answer = await browser.get(path)

        assert answer.status_code == 401
        assert "needs its token" in answer.text

    @pytest.mark.parametrize(
        "headers",
        [
            {"authorization": "Bearer wrong"},
            {"authorization": f"Basic {TOKEN}"},
            {"authorization": ""},
            {"cookie": f"{COOKIE}=wrong"},
            {"cookie": f"pgflow_1={TOKEN}"},
        ],
    )
    async def test_a_wrong_one_opens_nothing(
        self, browser: httpx.AsyncClient, headers: dict[str, str]
    ) -> None:
        assert (await browser.get("/api/session", headers=headers)).status_code == 401

    async def test_in_the_url_it_becomes_a_cookie_that_scripts_cannot_read(
        self, browser: httpx.AsyncClient
    ) -> None:
        answer = await browser.get("/runs", params={"token": TOKEN, "flow": "shop"})

        assert answer.status_code == 303
        assert answer.headers["location"] == "/runs?flow=shop"
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert (await browser.get("/api/session")).status_code == 200

    async def test_a_wrong_one_in_the_url_is_no_way_in(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/?token=wrong")

        assert answer.status_code == 401
        assert "set-cookie" not in answer.headers

    async def test_in_the_url_it_leads_to_no_other_site(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get(f"{ORIGIN}//evil.example/", params={"token": TOKEN})

        assert answer.headers["location"] == "/evil.example/"

    async def test_in_the_url_of_the_api_it_opens_nothing(self, browser: httpx.AsyncClient) -> None:
        assert (await browser.get("/api/session", params={"token": TOKEN})).status_code == 401


class TestTheHost:
    @pytest.mark.parametrize(
        "host", ["evil.example", "evil.example:7437", "127.0.0.1", "127.0.0.1:80", "", f"{HOST}."]
    )
    async def test_a_foreign_name_that_points_here_is_refused(
        self, browser: httpx.AsyncClient, host: str
    ) -> None:
        answer = await browser.get("/api/session", headers={**BEARER, "host": host})

        assert (answer.status_code, code_of(answer)) == (403, "forbidden")
        assert "Use the URL that was printed" in answer.json()["error"]["message"]

    async def test_two_names_are_refused(self, browser: httpx.AsyncClient) -> None:
        headers = [("host", HOST), ("host", "evil.example"), *BEARER.items()]

        assert (await browser.get("/api/session", headers=headers)).status_code == 403

    async def test_localhost_is_this_machine(self, browser: httpx.AsyncClient) -> None:
        headers = {**BEARER, "host": "localhost:7437"}

        assert (await browser.get("/api/session", headers=headers)).status_code == 200


class TestTheOrigin:
    @pytest.mark.parametrize(
        "origin",
        ["http://evil.example", "null", "https://127.0.0.1:7437", "http://127.0.0.1:8000", ""],
    )
    async def test_a_page_of_another_site_is_refused(
        self, browser: httpx.AsyncClient, origin: str
    ) -> None:
        answer = await browser.post(
            "/api/runs/cancel", json={"run_ids": []}, headers={**BEARER, "origin": origin}
        )

        assert (answer.status_code, code_of(answer)) == (403, "forbidden")
        assert "comes from another site" in answer.json()["error"]["message"]

    @pytest.mark.parametrize("site", ["cross-site", "same-site"])
    async def test_the_browser_says_where_a_request_comes_from(
        self, browser: httpx.AsyncClient, site: str
    ) -> None:
        headers = {**BEARER, "sec-fetch-site": site}

        assert (await browser.get("/api/session", headers=headers)).status_code == 403

    async def test_its_own_page_is_let_in(self, browser: httpx.AsyncClient) -> None:
        headers = {**BEARER, "origin": ORIGIN, "sec-fetch-site": "same-origin"}

        answer = await browser.post("/api/runs/cancel", json={"run_ids": []}, headers=headers)

        assert answer.json() == {"changed": 0, "failed": [], "more": False}

    async def test_nobody_else_may_read_an_answer(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/api/session", headers=BEARER)

        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"

    async def test_asking_for_permission_is_in_vain(self, browser: httpx.AsyncClient) -> None:
        headers = {**BEARER, "access-control-request-method": "POST"}

        answer = await browser.request("OPTIONS", "/api/runs/cancel", headers=headers)

        assert answer.status_code == 405


class TestTheBody:
    @pytest.mark.parametrize(
        "kind", ["application/x-www-form-urlencoded", "text/plain", "multipart/form-data", ""]
    )
    async def test_a_form_of_another_site_changes_nothing(
        self, browser: httpx.AsyncClient, kind: str
    ) -> None:
        answer = await browser.post(
            "/api/runs/cancel", content=b'{"run_ids": []}', headers={**BEARER, "content-type": kind}
        )

        assert answer.status_code == 400
        assert answer.json()["error"]["message"] == f"content type is '{kind}', expected JSON"

    async def test_a_huge_one_is_not_read(self, browser: httpx.AsyncClient) -> None:
        headers = {**BEARER, "content-type": "application/json", "content-length": "99999999999"}

        answer = await browser.post("/api/runs/cancel", content=b"{}", headers=headers)

        assert "its length, at most 16000000 bytes" in answer.json()["error"]["message"]

    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[1]",
            b'{"run_ids": 7}',
            b'{"runs": []}',
            b"\xff",
            b"[" * 100_000,
            b'{"filter": {"flow": "\\u0000"}}',
        ],
    )
    async def test_nonsense_is_told(self, browser: httpx.AsyncClient, body: bytes) -> None:
        headers = {**BEARER, "content-type": "application/json"}

        answer = await browser.post("/api/runs/cancel", content=body, headers=headers)

        assert (answer.status_code, code_of(answer)) == (400, "invalid_request")


class TestThePage:
    async def test_no_script_but_its_own_files_runs_in_it(self, browser: httpx.AsyncClient) -> None:
        answer = await browser.get("/", headers=BEARER)

        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "script-src 'self'" in policy
        assert "unsafe" not in policy
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"

    @pytest.mark.parametrize(
        "path",
        ["/..%2f..%2fapp.py", "/%2e%2e/app.py", "/assets/..%2f..%2fsafety.py", "//etc/passwd"],
    )
    async def test_no_file_but_its_own_is_served(
        self, browser: httpx.AsyncClient, path: str
    ) -> None:
        answer = await browser.get(f"{ORIGIN}{path}", headers=BEARER)

        assert "import annotations" not in answer.text
        assert "root:" not in answer.text
        assert answer.headers["content-type"].startswith("text/html")

    @pytest.mark.parametrize(
        "query", ["flow=%00", "text=%00", "cursor=%00", "text=%ff", "limit=1e9"]
    )
    async def test_odd_characters_break_nothing(
        self, browser: httpx.AsyncClient, query: str
    ) -> None:
        answer = await browser.get(f"/api/runs?{query}", headers=BEARER)

        assert answer.status_code in (200, 400)

    async def test_values_are_never_html(self, browser: httpx.AsyncClient, engine: Engine) -> None:
        run_id = engine.start("shop", {"id": 1, "items": ["<script>alert(1)</script>"]})

        answer = await browser.get(f"/api/runs/{run_id}/payload?kind=input", headers=BEARER)

        assert answer.headers["content-type"] == "application/json"
        assert answer.headers["x-content-type-options"] == "nosniff"


class TestReadOnly:
    ACTIONS = (
        "/flows/shop/runs",
        "/flows/shop/edit/apply",
        "/runs/cancel",
        "/runs/retry",
        *(
            f"/runs/00000000-0000-0000-0000-000000000001/{action}"
            for action in ("cancel", "retry", "pause", "resume", "release", "edit", "rerun")
        ),
        "/workers/drain",
    )

    @pytest.fixture
    async def reader(
        self, engine: Engine, pgflow_database: PgflowDatabase
    ) -> AsyncIterator[httpx.AsyncClient]:
        """Somebody who knows the token of a playground that only reads."""
        site = Playground(database_url=pgflow_database.dsn)
        async with visitor(site, **BEARER) as client:
            yield client
        await site.close()

    @pytest.mark.parametrize("path", ACTIONS)
    async def test_no_action_is_done(self, reader: httpx.AsyncClient, path: str) -> None:
        answer = await reader.post(f"/api{path}", json={})

        assert (answer.status_code, code_of(answer)) == (403, "read_only")
        assert "--allow-actions" in answer.json()["error"]["message"]

    async def test_every_action_is_in_this_list(self, reader: httpx.AsyncClient) -> None:
        document = (await reader.get("/api/openapi.json")).json()

        actions = {path for path, methods in document["paths"].items() if "post" in methods}

        shown = {
            path.replace("00000000-0000-0000-0000-000000000001", "{run_id}").replace(
                "shop", "{slug}"
            )
            for path in self.ACTIONS
        }
        assert actions == {f"/api{path}" for path in shown} | {"/api/flows/{slug}/edit/check"}

    async def test_looking_is_allowed(self, reader: httpx.AsyncClient) -> None:
        session = (await reader.get("/api/session")).json()

        assert session["allow_actions"] is False
        assert session["code"] is None
