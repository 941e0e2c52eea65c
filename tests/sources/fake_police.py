"""A police.uk service on this machine: its answers, its oddities, its limits, and faults to order.

It follows what is known of the real one: it widens silently (no date: latest month; unknown category: all
crime), answers 404 before its window and [] after it, refuses polygons with too many crimes of any category
by an empty 503, reads polygons from a form-encoded POST only, and limits requests by a leaky bucket.
"""

from __future__ import annotations

import gzip
import io
import json
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import shapely
from shapely.geometry import Polygon

from patrol_core.sources.police import ApiSettings

MONTHS = tuple(f"{y}-{m:02d}" for y in (2024, 2025) for m in range(1, 13))
CATEGORIES = [
    ("all-crime", "All crime"),
    ("anti-social-behaviour", "Anti-social behaviour"),
    ("bicycle-theft", "Bicycle theft"),
    ("burglary", "Burglary"),
    ("criminal-damage-arson", "Criminal damage and arson"),
    ("drugs", "Drugs"),
    ("violent-crime", "Violence and sexual offences"),
]
FORCES = [("metropolitan", "Metropolitan Police Service"), ("leicestershire", "Leicestershire Police")]


def crime(number: int, lon: float, lat: float, month: str = "2025-06", **changes: Any) -> dict[str, Any]:
    """A crime record as the service writes it."""
    record = {
        "category": "burglary",
        "location_type": "Force",
        "location": {
            "latitude": f"{lat:.6f}",
            "street": {"id": 900000 + number % 50, "name": "On or near High Street"},
            "longitude": f"{lon:.6f}",
        },
        "context": "",
        "outcome_status": {"category": "Under investigation", "date": month},
        "persistent_id": f"{number:064x}",
        "id": number,
        "location_subtype": "",
        "month": month,
    }
    return record | changes


def grid(n: int, west: float, south: float, size: float, months: Sequence[str]) -> list[dict[str, Any]]:
    """``n`` x ``n`` crimes a month on a regular grid of a square, its edges included."""
    found = []
    for month in months:
        for i in range(n):
            for j in range(n):
                x, y = west + size * i / (n - 1), south + size * j / (n - 1)
                found.append(crime(len(found) + 1, x, y, month))
    return found


@dataclass(frozen=True)
class Seen:
    """One request as the service saw it."""

    at: float
    method: str
    path: str
    params: dict[str, str]
    agent: str
    status: int


@dataclass(frozen=True)
class Fault:
    """What to do instead of answering, or to an answer. ``what``: status, truncated, short, reset, redirect, ..."""

    what: str
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    seconds: float = 0.0
    change: Callable[[Any], Any] | None = None


class FakePolice:
    """Start with ``with``; ``url`` is its address.

    Parameters
    ----------
    crimes
        Records, see :func:`crime`.
    limit
        Polygons with more crimes than this in the month, whatever the category, are refused.
    closed
        Whether a point on the ring is inside; nobody has published which.
    paced
        Answer 429 beyond 15 requests a second with a burst of 30, as the service does.
    """

    def __init__(
        self,
        crimes: Sequence[dict[str, Any]] = (),
        *,
        limit: int = 10_000,
        months: Sequence[str] = MONTHS,
        closed: bool = True,
        paced: bool = False,
        delay: float = 0.0,
    ) -> None:
        self.crimes, self.limit, self.months = list(crimes), limit, sorted(months)
        self.closed, self.paced, self.delay = closed, paced, delay
        self.updated = f"{self.months[-1]}-01"
        self.boundary: list[tuple[float, float]] = [
            (-0.15, 51.5),
            (-0.14, 51.5),
            (-0.14, 51.51),
            (-0.15, 51.5),
        ]
        self.gzip = False
        self.log: list[Seen] = []
        self.under_way = self.most_under_way = 0
        self._once: dict[str, deque[Fault]] = {}
        self._always: dict[str, Fault] = {}
        self._lock = threading.Lock()
        self._bucket, self._filled = 30.0, time.monotonic()

    def __enter__(self) -> FakePolice:
        self._server = _Server(("127.0.0.1", 0), type("Handler", (_Handler,), {"service": self}))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/api"

    def settings(self, **changes: Any) -> ApiSettings:
        """Settings of a client in a hurry."""
        hurry: dict[str, Any] = {
            "base_url": self.url,
            "rate_per_s": 1000.0,
            "burst": 1000,
            "read_timeout_s": 2.0,
            "backoff_first_s": 0.01,
            "backoff_max_s": 0.05,
            "attempts": 4,
        }
        return ApiSettings(**(hurry | changes))

    def fault(self, path: str, *faults: Fault) -> None:
        """The next requests whose path starts so meet these, one each."""
        self._once.setdefault(path, deque()).extend(faults)

    def always(self, path: str, fault: Fault | None) -> None:
        """Every request whose path starts so meets this, until None."""
        if fault is None:
            self._always.pop(path, None)
        else:
            self._always[path] = fault

    def asked(self, path: str) -> list[Seen]:
        """Requests whose path starts so."""
        return [s for s in self.log if s.path.startswith(path)]

    # ---- behaviour --------------------------------------------------------------------------------------

    def fault_for(self, path: str) -> Fault | None:
        with self._lock:
            for prefix, queue in self._once.items():
                if path.startswith(prefix) and queue:
                    return queue.popleft()
        return next((f for p, f in self._always.items() if path.startswith(p)), None)

    def too_fast(self) -> bool:
        with self._lock:
            now = time.monotonic()
            self._bucket = min(30.0, self._bucket + (now - self._filled) * 15.0)
            self._filled = now
            if self._bucket < 1:
                return True
            self._bucket -= 1
            return False

    def answer(self, path: str, params: dict[str, str]) -> tuple[int, Any]:
        head, _, rest = path.partition("/")
        simple: dict[str, Any] = {
            "crime-last-updated": {"date": self.updated},
            "crimes-street-dates": [
                {"date": m, "stop-and-search": ["metropolitan"]} for m in reversed(self.months)
            ],
            "crime-categories": [{"url": u, "name": n} for u, n in CATEGORIES],
            "forces": [{"id": i, "name": n} for i, n in FORCES],
        }
        if path in simple:
            return 200, simple[path]
        if head == "crimes-street":
            return self._dated(rest, params)
        if rest == "neighbourhoods" and head in dict(FORCES):
            return 200, [{"id": "E05013806", "name": "West End"}]
        if path == "metropolitan/E05013806/boundary":
            return 200, [{"latitude": f"{y:.10f}", "longitude": f"{x:.10f}"} for x, y in self.boundary]
        return 404, None

    def _dated(self, category: str, params: dict[str, str]) -> tuple[int, Any]:
        month = params.get("date", self.months[-1])
        if month < self.months[0]:
            return 404, None
        if category not in dict(CATEGORIES):
            category = "all-crime"
        found = [c for c in self.crimes if c["month"] == month and c["location"] is not None]
        status, found = self._in_polygon(found, params["poly"])
        if status != 200:
            return status, None
        return 200, [c for c in found if category in ("all-crime", c["category"])]

    def _in_polygon(self, crimes: list[dict[str, Any]], poly: str) -> tuple[int, list[dict[str, Any]]]:
        try:
            ring = [(float(b), float(a)) for a, b in (p.split(",") for p in poly.split(":"))]
        except ValueError:
            return 404, []
        if len(ring) < 3:
            return 502, []
        area = Polygon(ring)
        shapely.prepare(area)
        xs = [float(c["location"]["longitude"]) for c in crimes]
        ys = [float(c["location"]["latitude"]) for c in crimes]
        test = shapely.intersects_xy if self.closed else shapely.contains_xy
        found = [c for c, inside in zip(crimes, test(area, xs, ys), strict=True) if inside]
        return (503, []) if len(found) > self.limit else (200, found)


class _Server(ThreadingHTTPServer):
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    service: FakePolice
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        self._serve("GET", parts.path, dict(parse_qsl(parts.query)), len(self.path) > 4094)

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        form = self.headers.get("Content-Type", "").startswith("application/x-www-form-urlencoded")
        self._serve("POST", urlsplit(self.path).path, dict(parse_qsl(data.decode())), not form)

    def _serve(self, method: str, path: str, params: dict[str, str], unreadable: bool) -> None:
        self.at = time.monotonic()
        name = path.removeprefix("/api/")
        with self.service._lock:
            self.service.under_way += 1
            self.service.most_under_way = max(self.service.most_under_way, self.service.under_way)
        self.asked = (method, name, params, self.headers.get("User-Agent", ""))
        try:
            fault = self.service.fault_for(name)
            if self.service.paced and self.service.too_fast():
                fault = Fault("status", 429)
            if self.service.delay:
                time.sleep(self.service.delay)
            status, body = (400, None) if unreadable else self.service.answer(name, params)
            with self.service._lock:  # not under way for the client once the last byte is sent
                self.service.under_way -= 1
            if fault:
                self._faulty(fault, status, body)
            else:
                self._send(status, body)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def _note(self, status: int) -> None:
        """Before the first byte goes out, so that whoever has an answer finds it in the log."""
        self.service.log.append(Seen(self.at, *self.asked, status))

    def _faulty(self, fault: Fault, status: int, body: Any) -> None:
        data = json.dumps(body).encode()
        match fault.what:
            case "status":
                self._write(fault.status, fault.body, fault.headers)
            case "truncated":
                self._write(status, data[: len(data) // 2])
            case "short":
                self.close_connection = True
                self._write(status, data[: len(data) // 2], {"Content-Length": str(len(data))})
            case "body":
                self._write(status, fault.body)
            case "change":
                assert fault.change is not None
                self._write(status, json.dumps(fault.change(body)).encode())
            case "slow":
                time.sleep(fault.seconds)
                self._send(status, body)
            case "trickle":
                self._trickle(data, fault.seconds)
            case "reset":
                self._note(0)
                linger = struct.pack("ii", 1, 0)
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                self.connection.close()
                self.close_connection = True
                self.wfile = io.BytesIO()  # the base class flushes it
            case "redirect":
                self._write(302, b"", {"Location": f"{self.service.url}/{fault.body.decode()}"})
            case _:
                raise AssertionError(fault.what)

    def _trickle(self, data: bytes, seconds: float) -> None:
        self._note(200)
        self.send_response(200)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        for i in range(len(data)):
            self.wfile.write(data[i : i + 1])
            self.wfile.flush()
            time.sleep(seconds)

    def _send(self, status: int, body: Any) -> None:
        self._write(status, b"" if body is None else json.dumps(body).encode())

    def _write(self, status: int, data: bytes, headers: dict[str, str] | None = None) -> None:
        self._note(status)
        self.send_response(status)
        extra = dict(headers or {})
        if self.service.gzip and data and "Content-Length" not in extra:
            data = gzip.compress(data)
            extra["Content-Encoding"] = "gzip"
        extra.setdefault("Content-Length", str(len(data)))
        for key, value in extra.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(data)
