"""The server's front: pages asked for by their own address tell the browser where the server's root is.

Without that Streamlit's client looks for the server below the page's address first, which is two requests that fail
(``/plan/_stcore/health`` and ``host-config``), and only then at the root. It asks nothing of the kind where the page says
``window.__streamlit.BACKEND_BASE_URL``, as pages of its own hosts do.
"""

from __future__ import annotations

import webbrowser
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import streamlit as st

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Server = Callable[[Message, Receive, Send], Awaitable[None]]
"""An ASGI application."""

ROOT = b'<script>window.__streamlit = { BACKEND_BASE_URL: new URL(".", location.href).href };</script>'
"""The root is where the page is, also behind a proxy that serves it below a path of its own."""
NOT_FOR_US = (b"accept-encoding", b"if-none-match", b"if-modified-since", b"range")
"""Headers of requests that would bring the page compressed, in part, or not at all."""
CHANGED = (b"content-length", b"etag", b"last-modified")


def knowing_its_root(server: Server, addresses: Collection[str]) -> Server:
    """The same server, whose pages at these addresses say where its root is.

    Args:
        server: Streamlit's.
        addresses: Last parts of the paths of pages.
    """

    async def serve(scope: Message, receive: Receive, send: Send) -> None:
        page = scope["type"] == "http" and scope["method"] == "GET"
        if not page or scope["path"].rpartition("/")[2] not in addresses:
            await server(scope, receive, send)
            return
        asked = [header for header in scope["headers"] if header[0].lower() not in NOT_FOR_US]
        start: Message = {}
        body = bytearray()

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                start.update(message)
            else:
                body.extend(message.get("body", b""))

        await server({**scope, "headers": asked}, receive, keep)
        if start.get("status") == 200:
            body[:] = bytes(body).replace(b"<head>", b"<head>" + ROOT, 1)
            kept = [header for header in start["headers"] if header[0].lower() not in CHANGED]
            start["headers"] = [*kept, (b"content-length", str(len(body)).encode())]
        await send(start)
        await send({"type": "http.response.body", "body": bytes(body)})

    return serve


@asynccontextmanager
async def browser_opened(_app: object) -> AsyncIterator[None]:
    """Open a browser where there is a screen, as ``streamlit run`` does for a script."""
    if not st.get_option("server.headless"):
        base = str(st.get_option("server.baseUrlPath") or "").strip("/")
        webbrowser.open(
            f"http://{st.get_option('browser.serverAddress')}:{st.get_option('server.port')}/{base}"
        )
    yield
