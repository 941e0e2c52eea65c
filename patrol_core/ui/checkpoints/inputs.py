"""How a user makes a checkpoint game: a network, sources and targets by click or list, losses, how many, how good."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass, field, replace

import pandas as pd
import streamlit as st

from patrol_core.errors import InputError
from patrol_core.graphs.checkpoints import CheckpointGame, make_game
from patrol_core.ui.memo import checkpoints_results
from patrol_core.ui.memo.checkpoints_results import Start
from patrol_core.ui.shell.node_clicks import amounts_of, clicked
from patrol_core.ui.shell.widgets import Remembered, upload

ask = Remembered("checkpoint_choices", "_checkpoint_")
"""What the page was last set to."""
PICKS = "checkpoint_picks"
FILES = "checkpoint_files"
NETWORKS = {"geodanet": "GeoDaNet streets", "city": "Grid city (generated)", "file": "Your own"}
NOTHING, AS_SOURCE, AS_TARGET = "nothing", "source", "target"
CLICKS = {NOTHING: "Only look", AS_SOURCE: "Source on or off", AS_TARGET: "Target on or off"}
NEW_LOSS = 5.0
MOST_CHECKPOINTS = 20
MOST_LISTED = 5000
"""Names up to which a list offers all; beyond, names are typed."""


@dataclass
class Picks:
    """Sources and targets of one network, as the session has them.

    Attributes:
        losses: Loss by target.
        barred: Roads that cannot take a checkpoint, by name.
        round: Rises with every change from outside the widgets, which then start afresh.
    """

    sources: list[str]
    losses: dict[str, float]
    barred: list[str] = field(default_factory=list)
    round: int = 0
    seed_losses: dict[str, float] = field(default_factory=dict)


def choose_source() -> str:
    """Where the network comes from, by its key in :data:`NETWORKS`."""
    return ask.segmented("Network", "network", "geodanet", NETWORKS)


def network_of(source: str) -> Start | None:
    """The network of the page, or None while something is missing (which is said).

    Raises:
        InputError: When the files cannot be a network.
    """
    if source == "city":
        left, right = st.columns(2)
        rows = ask.slider("Crossings from north to south", "rows", 12, 3, 100, into=left)
        columns = ask.slider("Crossings from west to east", "columns", 12, 3, 100, into=right)
        return checkpoints_results.city(rows, columns)
    if source == "file":
        return _own_network()
    return checkpoints_results.geodanet()


def _own_network() -> Start | None:
    left, right = st.columns([3, 2])
    with left:
        kept = upload(
            "Streets: GraphML, GeoJSON, GeoPackage, zipped Shapefile, OpenStreetMap (.osm.pbf, .osm, Overpass JSON), or CSV of edges and of nodes",
            st.session_state,
            FILES,
            key="_checkpoint_upload",
            several=True,
        )
    oneway = ask.toggle("Respect one-way streets", "oneway", False, into=right)
    on_foot = ask.toggle(
        "With footways and paths",
        "on_foot",
        False,
        into=right,
        help="OpenStreetMap only: footways, paths, steps, cycleways, pedestrian streets.",
    )
    snap = ask.number(
        "Ends are one crossing within (m)",
        "snap",
        1.0,
        0.01,
        50.0,
        into=right,
        help="Lines (GeoJSON, GeoPackage, Shapefile) only. Streets are cut where they cross; bridges and tunnels are not.",
    )
    if importlib.util.find_spec("osmnx") is not None:
        place = st.text_input(
            "Or the name of a place, fetched by OSMnx (needs the internet)", key="_checkpoint_place"
        )
        if place.strip():
            return checkpoints_results.from_osmnx(place.strip(), oneway, on_foot)
    if not kept:
        st.info(
            "Give a file with streets, or two tables: edges (from, to) and nodes (id, x, y).",
            icon=":material/upload_file:",
        )
        return None
    return checkpoints_results.own(kept, snap, oneway, on_foot)


def picks_of(start: Start) -> Picks:
    """What the session has picked on a network; its own suggestion at first."""
    kept: dict[str, Picks] = st.session_state.setdefault(PICKS, {})
    if start.key not in kept:
        losses = dict(start.losses)
        kept[start.key] = Picks(list(start.sources), losses, seed_losses=dict(losses))
    return kept[start.key]


def strength() -> tuple[int, float]:
    """Sliders: how many checkpoints, and how often one stops who passes."""
    left, right = st.columns(2)
    count = ask.slider(
        "Checkpoints a night", "count", 3, 1, MOST_CHECKPOINTS, into=left, help="How many stand at once (r)."
    )
    words = "The chance that an intruder who passes a checkpoint is stopped there (δ)."
    seen = ask.percent("A checkpoint stops who passes", "detection", 100, 5, 100, into=right, help=words)
    return count, seen


def click_mode() -> str:
    """What a click on a crossing does."""
    return ask.segmented("A click on a crossing", "click", NOTHING, CLICKS)


def take_click(start: Start, key: str) -> None:
    """A crossing was clicked: put it among sources or targets, or take it away."""
    mode = ask.value("click", NOTHING)
    name = next((node for node in clicked(key) if node in start.roads.network.place), None)
    if name is not None:
        toggle(picks_of(start), name, mode)


def toggle(picks: Picks, name: str, mode: str) -> None:
    """Put a node among sources or targets, or take it away where it is.

    Args:
        picks: What is picked; changed.
        name, mode: Of the node, and what a click does: a key of :data:`CLICKS`.
    """
    if mode == AS_SOURCE:
        if name in picks.sources:
            picks.sources.remove(name)
        else:
            picks.sources.append(name)
            picks.losses.pop(name, None)
    elif mode == AS_TARGET:
        if name in picks.losses:
            picks.losses.pop(name)
        else:
            picks.losses[name] = NEW_LOSS
            if name in picks.sources:
                picks.sources.remove(name)
    picks.seed_losses = dict(picks.losses)
    picks.round += 1


def edit_picks(start: Start, picks: Picks) -> None:
    """Lists and the table of losses; they write what they show into ``picks``.

    Raises:
        InputError: When a row of the table has no target or no loss, or two rows one target.
    """
    network = start.roads.network
    mark = f"{start.key}_{picks.round}"
    offered = list(network.nodes) if len(network.nodes) <= MOST_LISTED else list(dict.fromkeys(picks.sources))
    picks.sources = list(
        st.multiselect(
            "Sources: where an intruder starts",
            offered,
            [name for name in picks.sources if name in offered],
            key=f"_checkpoint_sources_{mark}",
            accept_new_options=len(network.nodes) > MOST_LISTED,
        )
    )
    table = pd.DataFrame(
        {"target": list(picks.seed_losses), "loss": [float(loss) for loss in picks.seed_losses.values()]}
    ).astype({"target": "str", "loss": float})
    edited = st.data_editor(
        table,
        num_rows="dynamic",
        hide_index=True,
        key=f"_checkpoint_losses_{mark}",
        height=240,
        column_config={
            "target": st.column_config.TextColumn("Target (crossing)"),
            "loss": st.column_config.NumberColumn("Loss if reached", min_value=0.0, format="localized"),
        },
    )
    picks.losses = losses_of(edited)
    with st.expander("Roads that cannot take a checkpoint"):
        listed = len(network.edge_ids) <= MOST_LISTED
        picks.barred = list(
            st.multiselect(
                "Roads",
                list(network.edge_ids) if listed else picks.barred,
                picks.barred,
                key=f"_checkpoint_barred_{mark}",
                label_visibility="collapsed",
                accept_new_options=not listed,
                placeholder="Motorway, private road … by its number",
            )
        )
    if st.button(
        "Back to the suggestion", icon=":material/restart_alt:", key=f"_checkpoint_reset_{start.key}"
    ):
        st.session_state[PICKS].pop(start.key)
        st.rerun(scope="fragment")


def losses_of(table: pd.DataFrame) -> dict[str, float]:
    """Loss by target of the edited table.

    Raises:
        InputError: When a row is not complete, a target stands twice, or a loss is below 0.
    """
    return amounts_of(table, "loss", str, word="crossing", amount="loss", amounts="losses")


def game_of(start: Start, picks: Picks, checkpoints: int, detection: float) -> CheckpointGame:
    """The game as it is picked; its payoffs are the losses with a minus, 0 for an intruder who is stopped.

    Args:
        start, picks: The roads, and what is picked on them.
        checkpoints, detection: How many stand at once, and the chance that one stops who passes, 0 to 1.

    Raises:
        InputError: As :func:`patrol_core.graphs.checkpoints.game.make_game`, or when a barred road is unknown.
    """
    network = start.roads.network
    if picks.barred:
        unknown = [name for name in picks.barred if name not in set(network.edge_ids)]
        if unknown:
            raise InputError(f"There is no road {unknown[0]!r}; check its number.")
        barred = set(picks.barred)
        guardable = network.guardable & [name not in barred for name in network.edge_ids]
        network = replace(network, guardable=guardable)
    return make_game(
        network,
        picks.sources,
        {name: -loss for name, loss in picks.losses.items()},
        checkpoints=checkpoints,
        detection=detection,
    )
