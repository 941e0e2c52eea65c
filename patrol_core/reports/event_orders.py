"""Orders of an event as one printable page: where everybody starts, and who moves when."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from patrol_core.events import EventPlan, Scene, by_number, clock, unit_orders


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("patrol_core", "reports"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("event_orders.html.j2")


def orders_html(scene: Scene, plan: EventPlan) -> bytes:
    """The page, UTF-8; every name is escaped, nothing is loaded."""
    orders = unit_orders(plan)
    rows: list[dict[str, Any]] = [{str(k): v for k, v in row.items()} for row in orders.to_dict("records")]

    def at(hours: float) -> str:
        return clock(float(hours), scene.clock)

    return (
        _template()
        .render(
            title=scene.title,
            note=scene.note,
            begin=clock(plan.start, scene.clock),
            end=clock(plan.event.duration, scene.clock),
            units=plan.event.resources,
            unit=scene.unit,
            worst=f"{plan.value:,.1f}",
            target=plan.exposure.target,
            time=clock(plan.exposure.time, scene.clock),
            bound=f"{plan.certificate.bound:,.1f}",
            first=_first(rows, at),
            moves=[
                (
                    at(row["leaves"]),
                    at(row["latest"]),
                    row["unit"],
                    row["from"],
                    row["to"],
                    at(row["needed"]),
                    at(row["stands_until"]),
                )
                for row in rows
                if row["order"] == "move"
            ],
        )
        .encode()
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
