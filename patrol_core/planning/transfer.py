"""A scenario on other data than those it was made for: what these do not have is left out, and said."""

from __future__ import annotations

from typing import Any

from patrol_core.areas import AreaData
from patrol_core.errors import InputError
from patrol_core.planning.groups import boroughs_of, group_column, groups_of, heads_of, wards_of
from patrol_core.scenario import DataNamed, Scenario, ScenarioDocument, choices
from patrol_core.words import first_few
from patrol_core.zones import make_zones

NAMED = 4
"""Names of a list that a sentence says."""


def same_data(document: ScenarioDocument, data: AreaData) -> bool:
    """Whether a scenario was made for these data; one that names none is taken as made for any."""
    made_for = document.data
    return made_for == DataNamed() or made_for.hash == data.content_hash


def for_data(document: ScenarioDocument, data: AreaData) -> tuple[dict[str, Any], tuple[str, ...]]:
    """What a scenario has to change to be opened on some data, and sentences on it.

    Nothing but the place changes on the data it was made for; on others, months, types, groups, wards and boroughs that
    they do not have go.

    Returns:
        tuple: Changed choices by name, and sentences: that the data are others, and each choice left out.
    """
    place = {"area": data.key}
    if same_data(document, data):
        return place, ()
    changed, gone = _not_there(document.scenario, data)
    made_for = document.data.name or "other data"
    if made_for == data.name:
        made_for = f"{made_for} as they were then (other content)"
    said = [
        f"The scenario was made for {made_for}, and is opened on {data.name}: its figures are others there."
    ]
    if gone:
        said.append(f"Left out, since {data.name} does not have them: {'; '.join(gone)}.")
    return {**place, **changed}, tuple(said)


def _not_there(scenario: Scenario, data: AreaData) -> tuple[dict[str, Any], list[str]]:
    """Choices that some data do not have, as they have to be instead, and each in words."""
    defaults = {name: row.default for name, row in choices().items()}
    changed: dict[str, Any] = {}
    if scenario.zones is not None and scenario.zones not in data.zone_systems:
        changed["zones"] = None
    if scenario.outlook == "forecast" and not data.dated:
        changed["outlook"] = "recorded"
    for end in ("from_month", "to_month"):
        if getattr(scenario, end) and getattr(scenario, end) not in data.months:
            changed[end] = ""
    _keep_known(scenario, "crime_types", set(data.crime_types), changed)
    zones = make_zones(
        data, changed.get("zones", scenario.zones) or data.zone_systems[0], cell_m=scenario.cell_m
    )
    try:
        column = group_column(data, zones, scenario.group_by)
    except InputError:
        changed["group_by"], column = "", group_column(data, zones, "")
    groups, _ = groups_of(zones, column, heads_of(zones)[0])
    for limits in ("group_floor", "group_cap"):
        _keep_known(scenario, limits, set(groups), changed)
    boroughs = boroughs_of(zones)
    _keep_known(scenario, "ward_table", set(wards_of(zones)), changed)
    _keep_known(scenario, "borough_table", set() if boroughs is None else set(boroughs), changed)
    if scenario.borough_hours is not None and boroughs is None:
        changed["borough_hours"] = None
    changed = {name: value for name, value in changed.items() if value != getattr(scenario, name)}
    return changed, [
        _words(name, getattr(scenario, name), changed.get(name, defaults[name])) for name in changed
    ]


def _keep_known(scenario: Scenario, name: str, known: set[str], changed: dict[str, Any]) -> None:
    """Note which entries of a list are left, where some name what is not there."""
    given: tuple[str, ...] = getattr(scenario, name)
    plain = name == "crime_types"
    left = tuple(one for one in given if (one if plain else one.rpartition("=")[0]) in known)
    if left != given:
        changed[name] = left


def _words(name: str, before: Any, after: Any) -> str:
    label = choices()[name].label
    if not isinstance(before, tuple):
        return f"{label} {before}"
    return f"{label} {first_few([one for one in before if one not in after], NAMED)}"
