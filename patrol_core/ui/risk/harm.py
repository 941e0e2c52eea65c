"""The tab Harm weights: the published tables side by side, an own one to edit, and what each does to the ranking."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
import streamlit as st

from patrol_core.errors import InputError, PatrolError
from patrol_core.figures.charts.risk import rank_paths
from patrol_core.planning import Prepared, harm_table
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.risk import (
    LABEL,
    OWN,
    PATROL_GENERATED,
    WEIGHTS,
    HarmTable,
    custom_table,
    entries_of,
    known_types,
    movers,
    parse_entries,
    rank_correlation,
    ranks_of,
    read_weights,
    risk_by_table,
    starting_weights,
)
from patrol_core.scenario import Scenario
from patrol_core.ui.session import people, state
from patrol_core.ui.session.escaping import escape
from patrol_core.ui.shell import tables
from patrol_core.ui.shell.charts import plot

SHORT = {"count": "Count", "cchi": "Cambridge", "ons-css": "ONS", OWN: "Own"}
"""Names of the tables where there is little room."""
CHANGED = "_weights_changed"
REFUSED = "_weights_refused"


def harm_tab(scenario: Scenario, prepared: Prepared) -> None:
    """Weights above, what they do to the ranking below."""
    if st.session_state.pop(CHANGED, False):
        st.rerun()  # the sidebar and every figure follow, not this part alone
    _editor(scenario, prepared)
    _provenance()
    st.header("What the weights do to the ranking of zones", anchor=False)
    _comparison(scenario, prepared)


# -- the table ----------------------------------------------------------------------------------------


def own_weights(scenario: Scenario, prepared: Prepared) -> dict[str, float]:
    """Weights shown as the user's own: those given, else those in force; a weight for every type of the data."""
    start = starting_weights(harm_table(scenario), prepared.data.crime_types)
    return {**start, **parse_entries(scenario.own_weights)}


def _editor(scenario: Scenario, prepared: Prepared) -> None:
    own = own_weights(scenario, prepared)
    kinds = list(dict.fromkeys([*prepared.data.crime_types, *own]))
    crimes = prepared.counts.groupby("crime_type", observed=True)["count"].sum()
    frame = pd.DataFrame(
        {
            "crime_type": kinds,
            OWN: [own[kind] for kind in kinds],
            "crimes": [float(crimes.get(kind, 0.0)) for kind in kinds],
            "counts": [kind in prepared.crime_types for kind in kinds],
            **{name: [_weight_or_none(table, kind) for kind in kinds] for name, table in WEIGHTS.items()},
        }
    )
    key = state.widget_key("harm_editor")
    st.data_editor(
        frame,
        key=key,
        hide_index=True,
        height=36 * (len(kinds) + 1),
        disabled=[column for column in frame.columns if column != OWN],
        on_change=_edited,
        args=(key, kinds, own),
        column_config={
            "crime_type": st.column_config.TextColumn("Crime type"),
            "crimes": st.column_config.NumberColumn("Crimes in the period", format="%,.0f"),
            "counts": st.column_config.CheckboxColumn("Counts in the risk"),
            **{
                name: st.column_config.NumberColumn(f"{table.label} ({table.unit})", format="%,.2f")
                for name, table in WEIGHTS.items()
            },
            OWN: st.column_config.NumberColumn(f"{LABEL}, to edit", min_value=0.0, format="localized"),
        },
    )
    st.caption(
        f"In force: **{harm_table(scenario).label}**. A change in the second column makes an own table and puts it in force "
        f"everywhere. {' and '.join(PATROL_GENERATED)} count only when the sidebar's switch is on."
    )
    _files(scenario, prepared, own)


def _files(scenario: Scenario, prepared: Prepared, own: Mapping[str, float]) -> None:
    left, middle, right = st.columns([3, 2, 2], vertical_alignment="bottom")
    with left:
        key = state.widget_key("weights_file")
        st.file_uploader(
            "Own weights from a CSV file (crime_type, weight)",
            type="csv",
            key=key,
            on_change=_uploaded,
            args=(key, prepared.data.crime_types),
            disabled=not people.allowed("upload"),
        )
    with middle:
        listed = pd.DataFrame({"crime_type": list(own), "weight": list(own.values())})
        tables.download(
            "own_weights.csv",
            lambda: to_csv_bytes(listed, contract=("crime_type", "weight")),
            label="Download own weights",
        )
    with right:
        st.button(
            "Forget own weights",
            on_click=_take,
            kwargs={"weighting": "count", "own_weights": ()},
            disabled=not scenario.own_weights,
            icon=":material/restart_alt:",
        )
    refused = st.session_state.pop(REFUSED, None)
    if refused:
        st.error(escape(refused), icon=":material/error:")


def _edited(key: str, kinds: list[str], own: Mapping[str, float]) -> None:
    weights = dict(own)
    for row, cells in st.session_state[key]["edited_rows"].items():
        if OWN in cells:
            weights[kinds[int(row)]] = 0.0 if cells[OWN] is None else float(cells[OWN])
    _put_in_force(weights)


def _uploaded(key: str, types: tuple[str, ...]) -> None:
    file = st.session_state[key]
    if file is None:
        return
    try:
        weights = read_weights(file.name, file.getvalue(), known=known_types(types), needed=types)
    except PatrolError as error:
        st.session_state[REFUSED] = str(error)
        return
    _put_in_force(weights)


def _put_in_force(weights: Mapping[str, float]) -> None:
    try:
        custom_table(entries_of(weights))
    except InputError as error:
        st.session_state[REFUSED] = str(error)
        return
    _take(weighting=OWN, own_weights=entries_of(weights))


def _take(**values: object) -> None:
    state.change_and_reseed(**values)
    st.session_state[CHANGED] = True


def _weight_or_none(table: HarmTable, kind: str) -> float | None:
    try:
        return float(table.weights_of([kind])[0])
    except InputError:
        return None


def _provenance() -> None:
    with st.expander("Where the weights come from"):
        for table in WEIGHTS.values():
            st.markdown(f"**{table.label}**, one unit: {table.unit}. {table.source}")
            for note in table.notes:
                st.caption(note)


# -- what they do -------------------------------------------------------------------------------------


def _comparison(scenario: Scenario, prepared: Prepared) -> None:
    offered = {SHORT[name]: table for name, table in WEIGHTS.items()}
    if scenario.own_weights:
        offered[SHORT[OWN]] = custom_table(scenario.own_weights)
    risk, left_out = risk_by_table(prepared.surface, offered)
    for reason in left_out.values():
        st.caption(escape(reason))
    if risk.shape[1] < 2 or len(risk) < 2:
        st.write("There is one table, or one zone, so there is no ranking to compare.")
        return
    names = prepared.zones["name"].astype(str)
    left, right = st.columns([2, 3])
    with left:
        st.caption("Rank correlation of zones (Spearman; 1: the same order)")
        tables.show(rank_correlation(risk).rename_axis("weights").reset_index())
        plot(
            rank_paths(ranks_of(risk), dict(zip(risk.index.astype(str), names, strict=True))),
            key="_rank_paths",
        )
    with right:
        columns = list(risk.columns)
        before, after = st.columns(2)
        with before:
            first = st.selectbox("From", columns, index=0, key="_moves_from")
        with after:
            second = st.selectbox("To", columns, index=len(columns) - 1, key=f"_moves_to_{len(columns)}")
        st.caption("Zones that move furthest (positive: up the list)")
        tables.table(movers(risk, first, second, names.tolist()), name="movers", height=300)
        ranks = ranks_of(risk).add_prefix("rank: ").reset_index()
        ranks.insert(1, "name", names.to_numpy())
        tables.table(ranks.sort_values(f"rank: {first}", kind="stable"), name="ranks_by_table", height=260)
