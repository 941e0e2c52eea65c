"""Orders of an event as one printable page: where everybody starts, and who moves when."""

from __future__ import annotations

from functools import lru_cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from patrol_core.events.clock import clock
from patrol_core.events.plan import EventPlan, itineraries, transfer_orders
from patrol_core.events.scene import Scene


@lru_cache(maxsize=1)
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("patrol_core", "reports"), autoescape=True, undefined=StrictUndefined
    )
    return environment.get_template("event_orders.html.j2")


def orders_html(scene: Scene, plan: EventPlan) -> bytes:
    """The page, UTF-8; every name is escaped, nothing is loaded."""
    who = itineraries(plan)
    first = who[who["state"] == "stands"].drop_duplicates("unit")
    orders = transfer_orders(plan)
    for column in ("leaves", "latest", "needed"):
        orders[column] = [clock(float(when), scene.clock) for when in orders[column]]
    moves = orders[["leaves", "latest", "unit", "from", "to", "needed"]].to_numpy().tolist()
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
            first=list(zip(first["unit"], first["target"], strict=True)),
            moves=moves,
        )
        .encode()
    )
