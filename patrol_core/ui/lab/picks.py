"""Bases and targets of a scene, as a user picks them: by clicks on the map, in a list and in a table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.graphs.patrol import NodeId
from patrol_core.graphs.places import PatrolScene
from patrol_core.ui.lab.link import ask
from patrol_core.ui.shell.node_clicks import amounts_of, clicked

PICKS = "lab_picks"

NOTHING, AS_BASE, AS_TARGET = "nothing", "base", "target"
CLICKS = {NOTHING: "Only look", AS_BASE: "Base on or off", AS_TARGET: "Target on or off"}
FIRST_UNITS = 2
MOST_LISTED = 5000
"""Nodes up to which a list offers all; beyond, ids are typed."""


@dataclass(frozen=True, eq=False)
class Place:
    """A scene, and how the page keeps what is set for it.

    Attributes:
        mark: Tells settings of one source apart from those of others.
        units: Units that a file gave, as ``make_graph_game`` takes them; None where any base will do.
    """

    scene: PatrolScene
    mark: str
    units: tuple[Mapping[str, Any], ...] | None = None

    @property
    def count(self) -> int:
        """Units to begin with."""
        return FIRST_UNITS if self.units is None else len(self.units)


@dataclass
class Picks:
    """Bases and targets of one scene, as the session has them.

    Attributes:
        bases: Node ids.
        values, attacker_values: By node id.
        round: Rises with every change from outside the widgets, which then start afresh.
        seed_values: What the table started from.
    """

    bases: list[NodeId]
    values: dict[NodeId, float]
    attacker_values: dict[NodeId, float]
    round: int = 0
    seed_values: dict[NodeId, float] = field(default_factory=dict)
    seed_attacker: dict[NodeId, float] = field(default_factory=dict)

    def reseed(self) -> None:
        """Let the widgets start from what is picked now."""
        self.seed_values, self.seed_attacker = dict(self.values), dict(self.attacker_values)
        self.round += 1


def picks_of(scene: PatrolScene) -> Picks:
    """What the session has picked at a scene; the scene's own at first."""
    kept: dict[str, Picks] = st.session_state.setdefault(PICKS, {})
    if scene.key not in kept:
        gained = dict(scene.attacker_values or scene.values)
        found = Picks(list(dict.fromkeys(scene.bases.values())), dict(scene.values), gained)
        found.reseed()
        kept[scene.key] = found
    return kept[scene.key]


# -- clicks -----------------------------------------------------------------------------------------


def click_mode() -> str:
    """What a click on a node does."""
    return ask.segmented("A click on a node", "click", NOTHING, CLICKS)


def take_click(scene: PatrolScene, key: str) -> None:
    """A node was clicked: put it among bases or targets, or take it away."""
    mode = ask.value("click", NOTHING)
    known = {str(name): name for name in scene.node_ids}
    name = next((known[text] for text in clicked(key) if text in known), None)
    if name is not None:
        toggle(picks_of(scene), name, mode)


def toggle(picks: Picks, name: NodeId, mode: str) -> None:
    """Put a node among bases or targets, or take it away where it is; a new target gets the middle value of the others.

    Args:
        picks: What is picked; changed.
        name, mode: Of the node, and what a click does: a key of :data:`CLICKS`.
    """
    if mode == AS_BASE:
        if name in picks.bases:
            picks.bases.remove(name)
        else:
            picks.bases.append(name)
    elif mode == AS_TARGET:
        if name in picks.values:
            picks.values.pop(name)
            picks.attacker_values.pop(name, None)
        else:
            middle = float(np.median(list(picks.values.values()))) if picks.values else 1.0
            picks.values[name] = picks.attacker_values[name] = middle
    picks.reseed()


# -- lists ------------------------------------------------------------------------------------------


def edit_picks(scene: PatrolScene, picks: Picks, *, general_sum: bool) -> None:
    """The list of bases and the table of values; they write what they show into ``picks``.

    Args:
        scene, picks: The scene, and what is picked at it; changed.
        general_sum: Whether the attacker has values of its own.

    Raises:
        InputError: When a row of the table is not complete, names no node, or two rows name one.
    """
    mark = f"{scene.key}_{picks.round}"
    listed = len(scene.node_ids) <= MOST_LISTED
    known = {str(name): name for name in scene.node_ids}
    names = {str(node): name for name, node in scene.bases.items()}
    chosen = st.multiselect(
        "Bases: where units start",
        list(known) if listed else [str(name) for name in picks.bases],
        [str(name) for name in picks.bases],
        key=f"_lab_bases_{mark}",
        format_func=lambda text: f"{text} ({names[text]})" if text in names else text,
        accept_new_options=not listed,
    )
    picks.bases = [known_node(known, text, "base") for text in chosen]
    table = values_table(scene, picks, general_sum=general_sum)
    columns = {
        "target": st.column_config.TextColumn("Target (node)"),
        "name": st.column_config.TextColumn("Name", disabled=True),
        "value": st.column_config.NumberColumn(
            "Value", min_value=0.0, format="localized", help=scene.unit or None
        ),
        "attacker_value": st.column_config.NumberColumn(
            "Value to the attacker", min_value=0.0, format="localized"
        ),
    }
    edited = st.data_editor(
        table,
        num_rows="dynamic",
        hide_index=True,
        key=f"_lab_values_{mark}_{general_sum}",
        height=250,
        column_config=columns,
    )
    picks.values = _in_order(scene, values_of(edited, "value", known))
    if general_sum:
        picks.attacker_values = _in_order(scene, values_of(edited, "attacker_value", known))
    st.button(
        "Back to the scene's own",
        icon=":material/restart_alt:",
        key=f"_lab_reset_{scene.key}",
        on_click=lambda: st.session_state[PICKS].pop(scene.key, None),
    )


def _in_order(scene: PatrolScene, values: Mapping[NodeId, float]) -> dict[NodeId, float]:
    """Targets in the order of the scene, new ones behind them."""
    return {name: values[name] for name in (*scene.values, *values) if name in values}


def values_table(scene: PatrolScene, picks: Picks, *, general_sum: bool) -> pd.DataFrame:
    """The table to edit, dearest target first.

    Args:
        scene, picks: The scene, and what is picked at it.
        general_sum: Whether the attacker has values of its own.
    """
    order = sorted(picks.seed_values, key=lambda name: -picks.seed_values[name])
    table = pd.DataFrame(
        {
            "target": pd.Series([str(name) for name in order], dtype="str"),
            "value": pd.Series([picks.seed_values[name] for name in order], dtype=float),
        }
    )
    if general_sum:
        table["attacker_value"] = [picks.seed_attacker.get(name, picks.seed_values[name]) for name in order]
    table["name"] = pd.Series([scene.names.get(name, "") for name in order], dtype="str")
    return table


def values_of(table: pd.DataFrame, column: str, known: Mapping[str, NodeId]) -> dict[NodeId, float]:
    """Value by node id of the edited table.

    Args:
        table, column: The table, and which of its values.
        known: Node ids by their text.

    Raises:
        InputError: When a row is not complete, names no node of the graph, a target stands twice, or a value is
            below 0.
    """
    return amounts_of(
        table,
        column,
        lambda text: known_node(known, text, "target"),
        word="node",
        amount="value",
        amounts="values",
    )


def known_node(known: Mapping[str, NodeId], text: str, word: str) -> NodeId:
    """The node id of a text.

    Args:
        known: Node ids by their text.
        text, word: What was given, and what it was to be.

    Raises:
        InputError: When there is no such node; ``word`` says what it was to be.
    """
    if text not in known:
        raise InputError(f"The {word} {text!r} is no node of the graph; check its id.")
    return known[text]
