"""Method and responsible use: assumptions, limits, evidence, law, and the record of the choices."""

from __future__ import annotations

import streamlit as st

from patrol_core.planning import harm_table
from patrol_core.scenario import named, scenarios_bytes
from patrol_core.ui.method_text import FEEDBACK, SECTIONS
from patrol_core.ui.shell import frame, tables

scenario = frame.begin("method")
prepared = frame.ready(scenario)
if prepared is not None:
    frame.status_strip(prepared)
for title, text in SECTIONS:
    st.header(title, anchor=False)
    st.markdown(text)
    if title == FEEDBACK:
        frame.page_link("compare", "Try it: **Compare**, tab Feedback loop", "sync")
st.header("Weights in force", anchor=False)
weights = harm_table(scenario)
st.write(f"{weights.label}. Source: {weights.source}")
for note in weights.notes:
    st.caption(note)
st.header("The choices behind what you see", anchor=False)
st.write(
    "These choices together with the data's hash reproduce every number. The page address carries them too, so a link "
    "shared with a colleague opens the same plan (uploaded files have to be loaded again)."
)
record = {"scenario": scenario.model_dump(), "scenario_hash": scenario.key()}
if prepared is not None:
    record["data"] = {
        "name": prepared.data.name,
        "kind": str(prepared.data.kind),
        "hash": prepared.data.content_hash,
    }
st.json(record, expanded=False)
if prepared is not None:
    data = prepared.data
    tables.download("scenario.json", lambda: scenarios_bytes([named(scenario, data)]))
frame.next_step("start", "Back to the start.")
