"""Buttons for the files that ``patrol plan`` writes."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import streamlit as st

from patrol_core.planning import Result
from patrol_core.reports.bundles.plan import plan_files
from patrol_core.scenario import Scenario
from patrol_core.ui.memo import results
from patrol_core.ui.shell import tables


def plan_downloads(scenario: Scenario, names: Iterable[str]) -> None:
    """A button a file of the plan."""
    make = results.summariser(scenario)
    with st.container(horizontal=True):
        for name in names:
            tables.download(name, _maker(make, name))


def _maker(make: Callable[[], Result], name: str) -> Callable[[], bytes]:
    return lambda: plan_files(make(), only=(name,))[name]
