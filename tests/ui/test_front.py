"""Pages asked for by their own address say where the server's root is; all else passes as it came."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import pytest

from patrol_core.ui.session.front import ROOT, knowing_its_root
from patrol_core.ui.shell.navigation import MOVED, PAGES, addresses, root

PAGE = b"<html><head><title>x</title></head><body></body></html>"


async def server(scope, receive, send):
    """Answers what it was asked with, a page in two pieces or a refusal."""
    assert await receive() == {"type": "nothing"}
    bad = scope["path"].endswith("method")
    headers = [(b"ETag", b"1"), (b"content-length", b"7"), (b"x-kept", b"1"), *scope["headers"]]
    await send({"type": "http.response.start", "status": 400 if bad else 200, "headers": headers})
    await send({"type": "http.response.body", "body": PAGE[:20], "more_body": True})
    await send({"type": "http.response.body", "body": PAGE[20:]})


def asked(path: str, *, method: str = "GET", kind: str = "http") -> tuple[dict, bytes]:
    sent: list[dict] = []

    async def receive():
        return {"type": "nothing"}

    async def send(message):
        sent.append(message)

    headers = [(b"Accept-Encoding", b"gzip"), (b"host", b"localhost")]
    scope = {"type": kind, "method": method, "path": path, "headers": headers}
    asyncio.run(knowing_its_root(server, addresses())(scope, receive, send))
    return sent[0], b"".join(message.get("body", b"") for message in sent[1:])


@pytest.mark.parametrize("path", ["/plan", "/beats", "/behind/a/proxy/risk_maps"])
def test_a_page_says_where_the_root_is(path):
    start, body = asked(path)
    assert body == PAGE.replace(b"<head>", b"<head>" + ROOT)
    assert dict(start["headers"]) == {
        b"content-length": str(len(body)).encode(),
        b"x-kept": b"1",
        b"host": b"localhost",
    }


@pytest.mark.parametrize(
    "given", [{"path": "/"}, {"path": "/_stcore/health"}, {"path": "/plan", "method": "HEAD"}]
)
def test_all_else_passes_as_it_came(given):
    start, body = asked(**given)
    assert body == PAGE
    assert dict(start["headers"])[b"content-length"] == b"7"


def test_a_refusal_is_handed_on():
    start, body = asked("/method")
    assert (start["status"], body) == (400, PAGE)


def test_every_page_has_an_address():
    assert addresses() >= {"plan", "rosters", "start", *MOVED}
    assert len(addresses()) == len(PAGES) + len(MOVED)


def test_the_server_imports_no_component_before_it_runs():
    """A component that is declared before there is a server is not served: the maps would be missing."""
    code = "import sys, app; print(callable(app.app), sorted({'streamlit_folium', 'geopandas'} & set(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=root(), capture_output=True, text=True, check=True
    )
    assert done.stdout.split(" ", 1)[0] == "True"
    assert "streamlit_folium" not in done.stdout
