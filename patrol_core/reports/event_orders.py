"""Orders of an event as one printable page: where everybody starts, and who moves when."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from patrol_core.events import EventPlan, Scene, by_number, clock, unit_orders
from patrol_core.reports.templates import render

TIMES = {"leaves", "latest", "needed", "stands_until"}
MOVE = ("leaves", "latest", "unit", "from", "to", "needed", "stands_until")


def orders_html(scene: Scene, plan: EventPlan) -> bytes:
    """The page, UTF-8; every name is escaped, nothing is loaded."""
    orders = unit_orders(plan)
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in orders.to_dict("records")]

    def at(hours: float) -> str:
        return clock(float(hours), scene.clock)

    moves = [
        [at(row[name]) if name in TIMES else row[name] for name in MOVE]
        for row in rows
        if row["order"] == "move"
    ]
    return render(
        "event_orders.html.j2",
        title=scene.title,
        note=scene.note,
        begin=at(plan.start),
        end=at(plan.event.duration),
        units=plan.event.resources,
        unit=scene.unit,
        worst=f"{plan.value:,.1f}",
        target=plan.exposure.target,
        time=at(plan.exposure.time),
        bound=f"{plan.certificate.bound:,.1f}",
        first=_first(rows, at),
        moves=moves,
    )


def _first(rows: list[dict[str, Any]], at: Callable[[float], str]) -> list[tuple[str, str, str]]:
    """Of every unit where it stands first and until when, in the order of the units' names."""
    found: dict[str, tuple[str, str]] = {}
    for row in rows:
        if row["order"] == "move":
            early, late = at(row["leaves"]), at(row["latest"])
            words = f"leaves at {early}" if early == late else f"leaves between {early} and {late}"
            found.setdefault(row["unit"], (row["from"], words))
        elif row["order"] == "stand":
            found[row["unit"]] = (row["to"], f"to the end, {at(row['stands_until'])}")
        else:
            found[row["unit"]] = (f"on its way to {row['to']}", f"there at {at(row['arrives'])}, to the end")
    return [(unit, *found[unit]) for unit in sorted(found, key=by_number)]
