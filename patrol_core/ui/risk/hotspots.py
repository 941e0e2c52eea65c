"""The layer Hot spots: where zones and their surroundings hold more than chance would place there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import streamlit as st
from numpy.typing import NDArray

from patrol_core.planning import Prepared
from patrol_core.reports.bundles.hotspots import MEASURES, hotspots_frame, hotspots_of, measure_unit
from patrol_core.risk import CLASSES, COLD, HOT, ISLAND, PERMUTATIONS, UNKNOWN, HotSpots, Method
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.memo.results import of_data
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.widgets import ask
from patrol_core.ui.shell.zone_map import Layer
from patrol_core.words import figure as number

METHODS: dict[Method, str] = {"gi": "Gi*: hot and cold", "moran": "Local Moran: alike and unlike"}
DEALS = (999, 9_999, 99_999)
CODES: dict[Method, dict[str, float]] = {
    "gi": dict(zip(CLASSES["gi"], (3.0, 2.0, 1.0, 0.0, -1.0, -2.0, -3.0, np.nan, np.nan), strict=True)),
    "moran": dict(zip(CLASSES["moran"], (3.0, 1.2, 0.0, -1.2, -3.0, np.nan, np.nan), strict=True)),
}
"""Place of every class on the diverging scale."""
MEANINGS: dict[Method, str] = {
    "gi": "Gi* adds up a zone and the zones that touch it and holds the sum against the whole area.",
    "moran": "Local Moran holds a zone against the zones that touch it: High-High is a hot spot, High-Low a high zone amid low ones.",
}


class Asked(NamedTuple):
    """What the layer shows: the statistic, of what, against how many deals by chance."""

    method: Method
    measure: str
    permutations: int


def _asked(prepared: Prepared, into: Sequence[Any] | None = None) -> Asked:
    """What was asked for; with places for its widgets, ask for it there."""
    offered = [name for name, one in MEASURES.items() if one.possible(prepared)]
    measure = f"hotspot_measure_{'-'.join(offered)}"
    if into is None:
        method: Method = ask.value("hotspot_method", "gi")
        return Asked(method, ask.value(measure, offered[0]), ask.value("hotspot_permutations", PERMUTATIONS))
    left, middle, right = into
    return Asked(
        ask.segmented("Statistic", "hotspot_method", "gi", METHODS, into=left),
        ask.select(
            "Of what",
            measure,
            offered[0],
            offered,
            into=middle,
            format_func=lambda name: MEASURES[name].title,
            help="Rates on few residents are mostly noise; smoothed ones are drawn towards the rate of all (empirical Bayes).",
        ),
        ask.select(
            "Permutations",
            "hotspot_permutations",
            PERMUTATIONS,
            DEALS,
            into=right,
            format_func=lambda number: f"{number:,}",
        ),
    )


def hotspot_settings(_scenario: Scenario, prepared: Prepared) -> None:
    """Statistic, measure and permutations, above the map."""
    _asked(prepared, st.columns([2, 2, 1]))


def hotspot_layer(scenario: Scenario, prepared: Prepared) -> Layer:
    """Classes of the zones, as asked for above the map."""
    asked = _asked(prepared)
    found = hotspots(scenario, asked.measure, asked.permutations)[asked.method]
    return class_layer(found, f"{measure_unit(prepared, asked.measure)}, whole period")


def hotspot_detail(scenario: Scenario, prepared: Prepared) -> None:
    """A sentence on the zones that are hot, what it rests on, the table."""
    asked = _asked(prepared)
    both = hotspots(scenario, asked.measure, asked.permutations)
    found = both[asked.method]
    st.write(hot_sentence(prepared, found))
    for note in found.notes:
        st.info(escape(note), icon=":material/info:")
    st.caption(
        f"{MEANINGS[asked.method]} {found.permutations:,} random deals of the other zones' values (seed {found.seed}); classes after "
        "Benjamini and Hochberg's control of false discovery, so of the zones named at 95 % about one in twenty may be chance. "
        "Hot and cold are relative to this area and period."
    )
    tables.table(
        hotspots_frame(prepared, both["gi"], both["moran"]),
        name="hotspots",
        units={"value": measure_unit(prepared, asked.measure)},
        height=320,
    )


@of_data(reads=("seed",), words="Dealing out values …")
def hotspots(scenario: Scenario, measure: str, permutations: int) -> dict[Method, HotSpots]:
    """Both statistics.

    Args:
        scenario: The choices.
        measure, permutations: Of what, and against how many deals by chance.
    """
    near = results.zone_neighbours(scenario)
    return {
        method: hotspots_of(
            results.prepared(scenario),
            measure,
            method=method,
            permutations=permutations,
            seed=scenario.seed,
            neighbours=near,
        )
        for method in METHODS
    }


def class_layer(found: HotSpots, unit: str) -> Layer:
    """The classes as a map layer; the hover names class, statistic and q."""
    codes = CODES[found.method]
    figure = "z" if found.method == "gi" else "I"
    shown = [name for name in CLASSES[found.method] if name not in (ISLAND, UNKNOWN) or name in found.classes]
    return Layer(
        {zone: codes[name] for zone, name in zip(found.zone_ids, found.classes, strict=True)},
        "change",
        "Hot spots" if found.method == "gi" else "Alike and unlike",
        f"from {unit}",
        low=-3.0,
        high=3.0,
        texts={
            zone: name if np.isnan(z) else f"{name} ({figure} {z:.2f}, q {number(q)})"
            for zone, name, z, q in zip(found.zone_ids, found.classes, found.statistic, found.q, strict=True)
        },
        classes=tuple((name, codes[name]) for name in shown),
    )


def hot_sentence(prepared: Prepared, found: HotSpots) -> str:
    """How many zones are hot and what share of crime and ground they hold."""
    hot = found.hot
    number, size = int(hot.sum()), len(found.zone_ids)
    word = "hot" if found.method == "gi" else "High-High"
    if not number:
        return f"No zone of {size:,} is {word}: its surroundings hold no more than chance would often place there."
    risk = prepared.surface.mean
    share = _share(risk, hot)
    area = prepared.zones["area_km2"].to_numpy(dtype=float)
    ground = f" on {_share(area, hot):.1%} of the area" if np.isfinite(area).all() else ""
    cold = int(found.of(*COLD).sum()) if found.method == "gi" else int(found.of("Low-Low").sum())
    levels = ""
    if found.method == "gi":
        levels = f" ({', '.join(f'{int(found.of(name).sum()):,} at {name[4:]}' for name in HOT)})"
    are, they = ("is", "it holds") if number == 1 else ("are", "they hold")
    return (
        f"{number:,} of {size:,} zones {are} {word}{levels}; {they} {share:.1%} of {_what(prepared)}{ground}. "
        f"{cold:,} {'is' if cold == 1 else 'are'} {'cold' if found.method == 'gi' else 'Low-Low'}."
    )


def _what(prepared: Prepared) -> str:
    return "the harm" if "harm" in prepared.surface.unit else "the crime"


def _share(values: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    total = float(values.sum())
    return float(values[inside].sum()) / total if total > 0 else 0.0
