"""Thirty browsers in one room: how long a look takes, and what it costs the server.

Run: python -m benchmarks.bench_workshop [browsers] [seconds]. Each browser is a connection that asks every two seconds, as the page does.
"""

from __future__ import annotations

import asyncio
import re
import statistics
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.conftest import served

LOOK_S = 2.0
CODE = re.compile(r"Room ([0-9A-Z]{12})")


def ask(query: str, fragment: str = "", pressed: str = "") -> bytes:
    """A request to run the page, or one fragment of it, perhaps with a button pressed."""
    message = BackMsg()
    message.rerun_script.query_string = query
    message.rerun_script.fragment_id = fragment
    message.rerun_script.is_auto_rerun = bool(fragment)
    if pressed:
        message.rerun_script.widget_states.widgets.append(WidgetState(id=pressed, trigger_value=True))
    return bytes(message.SerializeToString())


async def answers(socket: ClientConnection) -> AsyncIterator[Any]:
    """What the server sends, until a run is over."""
    while True:
        message = ForwardMsg.FromString(await asyncio.wait_for(socket.recv(), 120))
        yield message
        if message.WhichOneof("type") == "script_finished":
            return


async def present(address: str) -> tuple[ClientConnection, str]:
    """Open a room; returns the presenter's connection and the room's code."""
    socket = await connect(address, subprotocols=["streamlit"], max_size=None, ping_interval=None)
    await socket.send(ask("view=workshop"))
    button = ""
    async for message in answers(socket):
        element = message.delta.new_element.button
        button = element.id if element.label == "Open a room" else button
    await socket.send(ask("view=workshop", pressed=button))
    found = ""
    for _ in range(2):
        async for message in answers(socket):
            shown = CODE.search(str(message.delta))
            found = shown[1] if shown else found
        if found:
            return socket, found
        await socket.send(ask("view=workshop"))
    raise RuntimeError("the presenter's page shows no room")


async def look(address: str, code: str, until: float, times: list[float]) -> int:
    """One browser of the room; returns how often it saw the presenter's question."""
    query, fragment, seen = f"view=room&code={code}", "", 0
    async with connect(address, subprotocols=["streamlit"], max_size=None, ping_interval=None) as socket:
        await socket.send(ask(query))
        async for message in answers(socket):
            if message.WhichOneof("type") == "auto_rerun":
                fragment = message.auto_rerun.fragment_id
        while time.monotonic() < until:
            await asyncio.sleep(LOOK_S)
            begun = time.perf_counter()
            await socket.send(ask(query, fragment))
            said = [str(message.delta) async for message in answers(socket)]
            times.append(time.perf_counter() - begun)
            seen += any("How much patrol is there?" in text for text in said)
    return seen


async def measure(address: str, browsers: int, seconds: float) -> None:
    """Print what thirty looks at once take."""
    socket, code = await present(address)
    times: list[float] = []
    until = time.monotonic() + seconds
    seen = await asyncio.gather(*(look(address, code, until, times) for _ in range(browsers)))
    await socket.close()
    ordered = sorted(times)
    print(
        f"{browsers} browsers, {len(times)} looks: median {1000 * statistics.median(ordered):.0f} ms, "
        f"95 % below {1000 * ordered[int(0.95 * len(ordered))]:.0f} ms, longest {1000 * ordered[-1]:.0f} ms; "
        f"{sum(seen)} of {len(times)} saw the question"
    )


def main() -> None:
    """Start the dashboard, and look."""
    browsers = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    seconds = float(sys.argv[2]) if len(sys.argv) > 2 else 30.0
    with TemporaryDirectory() as folder, served(Path(folder) / "log.txt", PATROL_CACHE_DIR=folder) as address:
        asyncio.run(measure(f"{address.replace('http', 'ws')}/_stcore/stream", browsers, seconds))


if __name__ == "__main__":
    main()
