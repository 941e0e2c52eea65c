"""How a user makes a patrol game of a scene: moves, units, rules, roles, values that mean nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.graphs.patrol import (
    COMPATIBLE,
    CORRECTED,
    DEFAULT_PENALTY,
    DROP,
    KEEP,
    NEVER,
    NORMAL,
    REFUSE,
    SCHEDULE,
    GraphGame,
    NodeId,
    moves_from,
)
from patrol_core.graphs.places import PatrolScene, random_values
from patrol_core.roads import make_network
from patrol_core.ui.lab.link import ask
from patrol_core.ui.lab.picks import Picks, Place, known_node

FORMS = {NORMAL: "Walks", SCHEDULE: "Schedules"}
SUMS = {False: "Zero-sum", True: "General-sum"}
MODES = {CORRECTED: "Corrected: walkable", COMPATIBLE: "Compatible: as published"}
FAR = {KEEP: "Keep and say so", DROP: "Leave out", REFUSE: "Refuse the game"}
MOST_MOVES, MOST_UNITS, MOST_ATTACKERS, MOST_MOVERS = 40, 12, 12, 3


@dataclass(frozen=True)
class Rules:
    """What the controls say.

    Attributes:
        units: How many.
        options: Fields of the game by name.
    """

    units: int
    options: Mapping[str, Any]

    @property
    def general_sum(self) -> bool:
        """Whether the attacker has values of its own."""
        return bool(self.options["general_sum"])


def _first(scene: PatrolScene, name: str, other: Any) -> Any:
    return scene.defaults.get(name, other)


def strength(place: Place) -> dict[str, Any]:
    """Moves, units, visits and attackers: the four that change most."""
    scene, mark = place.scene, place.mark
    one, two = st.columns(2)
    moves = ask.slider(
        "Moves a night",
        f"moves_{mark}",
        min(int(_first(scene, "moves", 8)), MOST_MOVES),
        1,
        MOST_MOVES,
        into=one,
        help="How long a patrol is: one move is one step along an edge, or a wait (T).",
    )
    units = ask.slider(
        "Units on patrol", f"units_{mark}", min(place.count, MOST_UNITS), 1, MOST_UNITS, into=two
    )
    three, four = st.columns(2)
    tau = ask.whole(
        "Visits that protect a target",
        f"tau_{mark}",
        int(_first(scene, "tau", 1)),
        1,
        MOST_MOVES + 1,
        into=three,
        help="How many visits of all units together protect a target (walks), or how long a unit has to stay (schedules); τ in the formula.",
    )
    attackers = ask.whole(
        "Targets that are attacked at once",
        f"attackers_{mark}",
        int(_first(scene, "attackers", 1)),
        0,
        MOST_ATTACKERS,
        into=four,
        help="How many targets one attack takes at once; their values add up (A).",
    )
    st.caption("One move = one step along an edge or a wait.")
    return {"moves": moves, "units": units, "tau": tau, "attackers": attackers}


def rules(place: Place, strong: Mapping[str, Any]) -> Rules:
    """Form, sum and the rest."""
    scene, mark = place.scene, place.mark
    form = _segmented("What is planned", f"form_{mark}", _first(scene, "form", NORMAL), FORMS, _FORM_HELP)
    own = bool(_first(scene, "general_sum", False))
    general = _segmented("Payoffs", f"sum_{mark}", own, SUMS, _SUM_HELP)
    options: dict[str, Any] = {
        "moves": strong["moves"],
        "tau": strong["tau"],
        "attackers": strong["attackers"],
        "form": form,
        "general_sum": general,
    }
    options |= _penalties(scene, mark, form=form, general=general)
    with st.expander("More rules: return, waiting, targets out of reach"):
        options |= _more_rules(scene, mark, form)
    if form == NORMAL:
        with st.expander("Attackers who move"):
            options |= _movers(place)
    return Rules(strong["units"], options)


def _more_rules(scene: PatrolScene, mark: str, form: str) -> dict[str, Any]:
    """What is seldom changed."""
    out: dict[str, Any] = {}
    for name, words, other in (
        ("force_return", "Units return to where they started", True),
        ("waiting", "Units may wait", True),
        ("normalise", "Report as a share of the largest payoff", False),
    ):
        out[name] = ask.toggle(words, f"{name}_{mark}", bool(_first(scene, name, other)))
    if form == SCHEDULE:
        out["simple"] = ask.toggle(
            "One target a schedule (simple)", f"simple_{mark}", bool(_first(scene, "simple", False))
        )
        out["mode"] = ask.select(
            "Length of tours",
            f"mode_{mark}",
            _first(scene, "mode", CORRECTED),
            MODES,
            help="The published code lets tours of two and more targets take one move too many. Compatible reproduces its numbers; "
            "corrected tours can be walked in time.",
        )
        idle = _first(scene, "idle", out["mode"] != COMPATIBLE)
        out["idle"] = ask.toggle("A unit may have nothing to do", f"idle_{out['mode']}_{mark}", bool(idle))
    out["unreachable"] = ask.select(
        "Targets that nobody can reach in time", f"far_{mark}", _first(scene, "unreachable", KEEP), FAR
    )
    return out


def _movers(place: Place) -> dict[str, Any]:
    """Attackers who walk as units do; all of them start at the same nodes.

    Raises:
        InputError: When a start is no node of the graph.
    """
    scene, mark = place.scene, place.mark
    given = list(_first(scene, "moving_attackers", ()))
    one, two = st.columns(2)
    count = ask.whole(
        "How many",
        f"movers_{mark}",
        len(given),
        0,
        MOST_MOVERS,
        into=one,
        help="Each takes every target it reaches, until a unit is near enough at the same moment.",
    )
    radius = ask.whole(
        "Caught within (moves)", f"capture_{mark}", int(_first(scene, "capture_radius", 0)), 0, 5, into=two
    )
    out: dict[str, Any] = {"capture_radius": int(radius), "moving_attackers": ()}
    if not count:
        return out
    known = {str(name): name for name in scene.node_ids}
    if given and int(count) == len(given):
        st.caption("They start and end where the file says.")
        return out | {"moving_attackers": tuple(given)}
    text = ask.draw(
        "text_input",
        "They start at (node ids, separated by ;)",
        f"mover_starts_{mark}",
        "; ".join(str(name) for name in outermost(scene)),
        st,
    )
    words = [word.strip() for word in str(text or "").split(";") if word.strip()]
    starts = [known_node(known, word, "start") for word in words]
    st.caption(
        "Their walks are listed one by one, so take few moves and units; 0 targets may be attacked besides."
    )
    return out | {"moving_attackers": ({"starts": starts},) * int(count)}


def outermost(scene: PatrolScene) -> list[NodeId]:
    """Nodes in the far west and east, to begin with; the first and last where places are not known."""
    if scene.xy is None:
        return [scene.node_ids[0], scene.node_ids[-1]]
    across = scene.xy[:, 0]
    return [scene.node_ids[int(across.argmin())], scene.node_ids[int(across.argmax())]]


_FORM_HELP = (
    "Walks: a target is protected when the visits of all units together reach the number set. Schedules: every unit picks a set of targets that it can "
    "tour in time, and stays as long as set at each."
)
_SUM_HELP = "Zero-sum: the attacker gains what is lost. General-sum: the attacker has values of its own, watches, and answers best."


def _segmented(label: str, name: str, default: Any, options: Mapping[Any, str], words: str) -> Any:
    return ask.segmented(label, name, default, options, help=words)


def _penalties(scene: PatrolScene, mark: str, *, form: str, general: bool) -> dict[str, Any]:
    """Penalties of schedules and the cost of a move, where they mean something."""
    if form != SCHEDULE and not general:
        return {}
    out: dict[str, Any] = {}
    columns = iter(st.columns(3 if form == SCHEDULE and general else 2))
    for who in ("defender", "attacker") if form == SCHEDULE else ():
        with next(columns):
            out[f"{who}_penalty"] = ask.number(
                f"Covered: {who}'s value divided by",
                f"{who}_penalty_{mark}",
                float(_first(scene, f"{who}_penalty", DEFAULT_PENALTY)),
                1.0,
                1e6,
            )
    if general:
        with next(columns):
            out["step_cost"] = ask.number(
                f"Cost of a move ({scene.unit})" if scene.unit else "Cost of a move",
                f"cost_{mark}",
                float(_first(scene, "step_cost", 0.0)),
                0.0,
                format="%.4g",
            )
    return out


# -- roles ------------------------------------------------------------------------------------------


def roles(place: Place, picks: Picks, units: int) -> list[dict[str, Any]]:
    """One object a unit, as ``make_graph_game`` takes it; the table lets units differ.

    Args:
        place, picks: The scene, and what is picked at it.
        units: How many.

    Raises:
        InputError: When a base is no node, or no base is chosen.
    """
    if not picks.bases:
        raise InputError(
            "No base is chosen; click a node on the map with Base on or off, or choose one in the list."
        )
    given = [*(place.units or ())][:units]
    given += [{}] * (units - len(given))
    start = pd.DataFrame(
        {
            "unit": range(1, units + 1),
            "bases": pd.Series(["; ".join(map(str, unit.get("bases", ()))) for unit in given], dtype="str"),
            "stays_within": pd.Series([None] * units, dtype="Int64"),
            "stationary": [bool(unit.get("stationary", False)) for unit in given],
        }
    )
    edited = st.data_editor(
        start,
        hide_index=True,
        key=f"_lab_roles_{place.mark}_{units}",
        column_config={
            "unit": st.column_config.NumberColumn("Unit", disabled=True),
            "bases": st.column_config.TextColumn(
                "Starts at", help="Node ids, separated by ;. Empty: any of the bases."
            ),
            "stays_within": st.column_config.NumberColumn(
                "Stays within (moves)",
                min_value=0,
                max_value=MOST_MOVES,
                step=1,
                help="Its role: the part of the graph so many moves around its bases. Empty: everywhere.",
            ),
            "stationary": st.column_config.CheckboxColumn("Does not move"),
        },
    )
    return roles_of(edited, place.scene, picks.bases, given)


def roles_of(
    table: pd.DataFrame, scene: PatrolScene, bases: Sequence[NodeId], given: Sequence[Mapping[str, Any]] = ()
) -> list[dict[str, Any]]:
    """The units of the edited table; what it does not show (ends, kept nodes) stays as a file gave it.

    Args:
        table: A row a unit: bases, stays_within, stationary.
        scene, bases: The scene, and where a unit starts that names no base.
        given: The units of a file.

    Raises:
        InputError: When a start is no node of the graph.
    """
    known = {str(name): name for name in scene.node_ids}
    out: list[dict[str, Any]] = []
    rows = zip(table["bases"], table["stays_within"], table["stationary"], strict=True)
    for number, (text, within, still) in enumerate(rows):
        words = [] if text is None or text != text else [word.strip() for word in str(text).split(";")]
        starts = [known_node(known, word, "start") for word in words if word] or list(bases)
        kept = given[number] if number < len(given) else {}
        unit: dict[str, Any] = {"bases": starts, **{k: kept[k] for k in ("ends", "nodes") if k in kept}}
        if still is True or still == 1:
            unit["stationary"] = True
        if within is not None and not pd.isna(within):
            unit["nodes"] = _around(scene, starts, int(within))
        out.append(unit)
    return out


def _around(scene: PatrolScene, starts: Sequence[NodeId], within: int) -> list[NodeId]:
    """Nodes within so many moves of some nodes."""
    network = make_network(scene.edges, directed=scene.directed, nodes=list(scene.node_ids))
    free = np.ones(len(network.nodes), dtype=bool)
    away = moves_from(network, free, [network.place[str(name)] for name in starts]).min(axis=0)
    return [scene.node_ids[k] for k in np.flatnonzero((away <= within) & (away < NEVER)).tolist()]


def randomised(place: Place, picks: Picks, *, general_sum: bool) -> Picks | None:
    """Values drawn at random between the lowest and the highest of the scene, where that is asked for.

    Args:
        place, picks: The scene, and what is picked at it.
        general_sum: Whether the attacker has values of its own.
    """
    scene, mark = place.scene, place.mark
    one, two = st.columns(2, vertical_alignment="bottom")
    asked = ask.toggle(
        "Values that mean nothing",
        f"random_{mark}",
        False,
        into=one,
        help="Drawn evenly between the lowest and the highest value. How much of a result comes from the real values?",
    )
    seed = ask.whole("Seed", f"random_seed_{mark}", 1, 0, 2**31 - 1, into=two)
    if not asked:
        return None
    own = replace(scene, values=picks.values, attacker_values=picks.attacker_values or None)
    drawn = random_values(own, int(seed), general_sum=general_sum)
    return Picks(picks.bases, dict(drawn.values), dict(drawn.attacker_values or drawn.values))


def game_of(scene: PatrolScene, picks: Picks, chosen: Rules, units: Sequence[Mapping[str, Any]]) -> GraphGame:
    """The game as it is picked.

    Args:
        scene, picks: The scene, and what is picked at it.
        chosen, units: The rules, and one object a unit.

    Raises:
        InputError: As :func:`patrol_core.graphs.patrol.input.make_graph_game`.
    """
    if not picks.values:
        raise InputError(
            "No target is chosen; click a node on the map with Target on or off, or add a row to the table."
        )
    gained = None
    if chosen.general_sum:
        gained = {name: picks.attacker_values.get(name, value) for name, value in picks.values.items()}
    return scene.game(units=units, values=picks.values, attacker_values=gained, **dict(chosen.options))
