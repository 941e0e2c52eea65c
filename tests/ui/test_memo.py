"""Kept results: keys that cannot forget a choice, and sessions that see nothing of each other."""

from __future__ import annotations

import dataclasses
import datetime as dt
import gc
import importlib
import pkgutil
import re
import weakref
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from shapely.geometry.base import BaseGeometry

import patrol_core.ui
from patrol_core.errors import PatrolError
from patrol_core.evaluation.simulation import Learner
from patrol_core.planning import prepare, solve_hours_plan
from patrol_core.scenario import Scenario, choices, make_scenario
from patrol_core.ui.data import quality as quality_view
from patrol_core.ui.memo import (
    compare_results,
    fairness_results,
    forecast_results,
    offenders_results,
    results,
    risk_results,
)
from patrol_core.ui.memo import kept as memo
from patrol_core.ui.memo.content import digest_of
from patrol_core.ui.plan import months as plan_months
from patrol_core.ui.risk import accuracy as accuracy_view
from patrol_core.ui.risk import hotspots as hotspot_view
from patrol_core.ui.risk import slices as slices_view
from patrol_core.ui.rosters import areas as areas_view
from patrol_core.ui.rosters import duties as duty_view
from patrol_core.ui.rosters import roster_state
from tests.ui import hostile

ROOT = Path(memo.__file__).parents[3]
FRAME = roster_state.Frame("2025-07", (), "flat", (), 2, False)
BASE = {
    "area": "here",
    "budget": 3.0,
    "effectiveness": 0.5,
    "fairness": 0.5,
    "fairness_rule": "coverage-parity",
    "group_by": "group_own",
    "horizon": 2,
    "ward_hours": 900.0,
    "min_per_day": 0.5,
    "weighting": "count",
}
OTHER: dict[str, Any] = {
    "zones": "grid",
    "cell_m": 700.0,
    "from_month": "2024-04",
    "to_month": "2025-04",
    "crime_types": ("Burglary",),
    "weighting": "own",
    "own_weights": ("Burglary=3", "Robbery=7"),
    "smoothing": "all",
    "patrol_generated": True,
    "outlook": "forecast",
    "group_by": "borough",
    "budget": 4.5,
    "month_hours": 1500.0,
    "officers": 20.0,
    "contract_hours": 37.0,
    "abstraction": 0.2,
    "crew": 2.0,
    "hours_a_day": 16.0,
    "effectiveness": 0.8,
    "response": "linear",
    "zone_sizes": "area",
    "offender": "regret",
    "rationality": 3.0,
    "fairness": 0.1,
    "fairness_rule": "max-min",
    "share_least": 0.3,
    "share_most": 1.4,
    "floor": 0.05,
    "cap": 0.6,
    "group_floor": (f"{hostile.words('group0')}=0.5",),
    "group_cap": (f"{hostile.words('group1')}=0.4",),
    "seed": 7,
    "horizon": 3,
    "ward_hours": None,
    "min_per_day": 0.8,
    "max_per_day": 2.0,
    "rounding": "none",
    "visit_minutes": 20.0,
    "least_visits": 2,
    "borough_hours": 280.0,
    "ward_table": (f"{hostile.words('ward1')}=150",),
    "borough_table": (f"{hostile.words('borough1')}=250",),
}
BESIDE: dict[str, dict[str, Any]] = {
    "cell_m": {"zones": "grid"},
    "weighting": {"own_weights": ("Burglary=3", "Robbery=7", f"{hostile.words('kind')}=1")},
    "own_weights": {
        "weighting": "own",
        "own_weights": ("Burglary=1", "Robbery=2"),
        "crime_types": ("Burglary", "Robbery"),
    },
    "rationality": {"offender": "quantal", "response": "linear"},
    "contract_hours": {"officers": 15.0},
    "abstraction": {"officers": 15.0},
    "crew": {"officers": 15.0},
    "fairness_rule": {"fairness": 0.2},
    "share_least": {"fairness": 0.5, "fairness_rule": "proportionality"},
    "share_most": {"fairness": 0.5, "fairness_rule": "proportionality"},
    "least_visits": {"min_per_day": 0.0, "rounding": "visit"},
    "visit_minutes": {"rounding": "visit"},
}
"""What a choice needs beside it to matter; in force before and after it is varied."""


def _forecast(make: Callable[[Scenario, Any], Any]) -> Callable[[Scenario], Any]:
    """A function of a forecast, where one is planned for; nothing else needs one."""
    return lambda s: make(s, forecast_results.at_once(s)) if s.outlook == "forecast" else None


FUNCTIONS: Mapping[str, Callable[[Scenario], Any]] = {
    "planner": lambda s: results.planner(s).prepared,
    "ui.memo.results.strategy": results.strategy,
    "ui.memo.results.comparison": results.comparison,
    "ui.memo.results.curve": results.curve,
    "ui.memo.results.frontier": results.frontier,
    "ui.memo.results.deployments": results.deployments,
    "ui.memo.results.demand": results.demand,
    "ui.memo.results.months_ahead": results.months_ahead,
    # linear, since against offenders who make mistakes the search under curved rules is ended by the clock
    "ui.memo.results.worth": lambda s: results.worth(s.changed(response="linear")),
    "ui.memo.results.binds": results.binds,
    "ui.memo.results.sensitivity": results.sensitivity,
    "ui.memo.results.fair_levels": results.fair_levels,
    "ui.memo.results.hours": results.hours,
    "ui.memo.results._asset": results.asset,
    "ui.memo.results.zone_neighbours": results.zone_neighbours,
    # as for worth above
    "ui.memo.compare_results.faced": lambda s: compare_results.faced(s.changed(response="linear")),
    "ui.memo.compare_results.standing": compare_results.standing,
    "ui.memo.compare_results.monthly": compare_results.monthly,
    "ui.memo.compare_results.spread": lambda s: compare_results.spread(s, "draws", 20),
    "ui.memo.compare_results._ranks": lambda s: compare_results.ranks(s, "months", 20),
    "ui.memo.compare_results.unseen": lambda s: (
        compare_results.unseen(s, 3) if s.outlook == "recorded" else None
    ),
    "ui.memo.compare_results.budgets": compare_results.budgets,
    "ui.memo.compare_results.adapted": lambda s: compare_results.adapted(s, Learner(), 5, 2),
    "ui.memo.offenders_results.price": lambda s: offenders_results.price(s, "interval"),
    "ui.memo.offenders_results.path": lambda s: offenders_results.path(s) if s.fairness is None else None,
    "ui.memo.offenders_results.roster": lambda s: offenders_results.roster(s, dt.date(2025, 7, 1), 5),
    "ui.memo.risk_results.surface": lambda s: risk_results.surface(s, risk_results.ALL, smoothing="none"),
    "ui.memo.risk_results.points": risk_results.points,
    "ui.memo.risk_results.bandwidths": risk_results.bandwidths,
    "ui.memo.risk_results.density_of": lambda s: risk_results.density_of(s, risk_results.ALL, 400.0),
    "ui.memo.risk_results.raster": risk_results.raster,
    "ui.memo.risk_results.firmness": risk_results.firmness,
    "ui.memo.fairness_results.measures": lambda s: fairness_results.measures(s, 0.5),
    "ui.memo.fairness_results.survey": lambda s: fairness_results.survey(s, {}),
    "ui.memo.forecast_results.panel": forecast_results.panel,
    "ui.memo.forecast_results._untuned": lambda s: (
        forecast_results.at_once(s).digest if s.outlook == "forecast" else None
    ),
    "ui.memo.forecast_results.past": _forecast(forecast_results.past),
    "ui.memo.forecast_results.explanation": _forecast(forecast_results.explanation),
    "ui.memo.forecast_results.wards": _forecast(
        lambda s, found: forecast_results.wards(s, found, dict.fromkeys(found.zone_ids, "one"))
    ),
    "ui.rosters.roster_state.visits": lambda s: roster_state.visits(s, FRAME),
    "ui.rosters.roster_state.suggested_units": lambda s: roster_state.suggested_units(s, FRAME),
    "ui.rosters.duties.duties": lambda s: duty_view.duties(
        s, FRAME, roster_state.rules_of(FRAME, 12), (), gaps=True
    ),
    "ui.rosters.areas.made": lambda s: [areas_view.made(s, 3, 0.5, kind) for kind in ("risk", "hours")],
    "ui.risk.hotspots.hotspots": lambda s: hotspot_view.hotspots(s, "total", 99),
    "ui.risk.accuracy._accuracy": lambda s: accuracy_view.accuracy(s, 3, "zones"),
    "ui.plan.months.ways": plan_months.ways,
    "ui.data.quality.checks_of": lambda s: quality_view.checks_of(s, dt.date(2025, 7, 1)),
    "ui.data.quality.tables_of": quality_view.tables_of,
    "ui.risk.slices.cut_by": lambda s: slices_view.cut_by(s, "type"),
    "ui.risk.slices.small_maps": lambda s: slices_view.small_maps(s, "type", True),
}
SLOW = {
    "ui.rosters.roster_state.suggested_units",
    "ui.risk.accuracy._accuracy",
    "ui.memo.compare_results.faced",
    "ui.rosters.duties.duties",
    "ui.rosters.areas.made",
    "ui.memo.offenders_results.price",
    "ui.memo.risk_results.raster",
    "ui.risk.slices.small_maps",
    "ui.memo.risk_results.density_of",
    "ui.memo.results.frontier",
    "ui.memo.results.curve",
    "ui.memo.results.sensitivity",
}
"""Tried with the choices of :data:`ALL_FOR` only, since they take most of the time."""
ALL_FOR = {"seed", "fairness_rule"}
ELSEWHERE = {
    "ui.memo.risk_results._grid": "made with density",
    "ui.memo.offenders_results.fits": "from a file; tested with the page",
    "ui.memo.forecast_results.runner_up": "trains a model; its key is the forecast's content",
    "ui.fairness.feedback.simulated": "tested with the page",
    "ui.lab.build_inputs._streets": "needs streets; follows from the data choices alone",
    "ui.lab.scene_inputs._area_scene": "follows from the data choices alone",
    "ui.risk.static.static_score": "needs covariates; follows from the data choices alone",
}
"""Kept results that are not made here, and why."""


@pytest.fixture(scope="module")
def here():
    return hostile.area()


@pytest.fixture
def place(monkeypatch, here):
    """One place, and a store that the test chooses."""
    chosen = {"store": memo.Store()}
    monkeypatch.setattr(results, "area_data", lambda key: here)
    monkeypatch.setattr(memo, "store_of", lambda area: chosen["store"])
    return chosen


def outcome(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except PatrolError as error:
        return type(error).__name__, str(error)


def refused(found: Any) -> bool:
    return isinstance(found, tuple) and isinstance(found[0], str) and found[0] == "InputError"


def alike(one: Any, other: Any) -> bool:
    """Whether two results say the same; how long they took is no part of it."""
    if type(one) is not type(other):
        return False
    if isinstance(one, pd.DataFrame | pd.Series):
        plain = [
            pd.DataFrame(frame).drop(columns=["geometry", "seconds"], errors="ignore")
            for frame in (one, other)
        ]
        return plain[0].columns.equals(plain[1].columns) and all(
            alike(plain[0][c].to_numpy(), plain[1][c].to_numpy()) for c in plain[0].columns
        )
    if isinstance(one, np.ndarray):
        if one.shape != other.shape:
            return False
        if one.dtype.kind in "fc":
            return np.allclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True)
        return bool(pd.Series(one.ravel()).equals(pd.Series(other.ravel())))
    if isinstance(one, float):
        return bool(np.isclose(one, other, rtol=1e-7, atol=1e-9, equal_nan=True))
    if isinstance(one, Mapping):
        return list(one) == list(other) and all(alike(one[k], other[k]) for k in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(alike(a, b) for a, b in zip(one, other, strict=True))
    if dataclasses.is_dataclass(one):
        names = [
            row.name for row in dataclasses.fields(one) if row.name not in ("seconds", "data", "certificate")
        ]
        return all(alike(getattr(one, name), getattr(other, name)) for name in names)
    if isinstance(one, BaseGeometry):
        return bool(one.equals(other))
    if isinstance(one, str | int | bytes | type(None)):
        return one == other
    return True


def test_there_is_another_value_of_every_choice():
    assert set(OTHER) == set(choices()) - {"area"}


def test_every_kept_result_of_a_scenario_is_varied():
    """Found by a listing: a function that is kept and not tried here is a failure."""
    for module in pkgutil.walk_packages(patrol_core.ui.__path__, "patrol_core.ui."):
        importlib.import_module(module.name)
    kept = {name for name, follows in memo.KEPT.items() if follows == "scenario"}
    assert kept == set(FUNCTIONS) - {"planner"} | set(ELSEWHERE)


def test_nothing_is_kept_by_other_means():
    """Streamlit's caches and functools' know neither sessions nor sizes; threads of the server are no results."""
    files = [ROOT / "app.py", *(ROOT / "pages").glob("*.py"), *(ROOT / "patrol_core/ui").rglob("*.py")]
    found = [
        line.strip()
        for file in files
        for line in file.read_text(encoding="utf-8").splitlines()
        if re.search(r"cache_(data|resource)|lru_cache|import cache\b|functools\.cache", line)
    ]
    reason = "# no result that is kept, but one thread a server"
    assert [line for line in found if reason not in line] == []
    assert len(found) == 2


def test_content_that_differs_in_any_argument_is_kept_apart(monkeypatch):
    monkeypatch.setattr(memo.st, "session_state", {})

    @memo.of_content()
    def told(one: str, two: int = 0, *three: float, four: Any = None) -> tuple[Any, ...]:
        return one, two, three, four

    assert told("a") == told("a", 0) == ("a", 0, (), None)
    assert told("b")[0] == "b"
    assert told("a", 1)[1] == 1
    assert (told("a", 0, 1.0)[2], told("a", 0, 2.0)[2]) == ((1.0,), (2.0,))
    array, other = np.zeros(3), np.ones(3)
    assert told("a", four=array)[3] is array
    assert told("a", four=np.zeros(3))[3] is array
    assert told("a", four=other)[3] is other
    del memo.KEPT[next(name for name in memo.KEPT if "told" in name)]


@pytest.fixture(scope="module")
def used() -> memo.Store:
    """A store that has seen every choice tried before, as a session's has."""
    return memo.Store(most=10_000)


@pytest.mark.parametrize("name", OTHER)
def test_a_choice_that_changes_is_seen_in_every_kept_result(name, place, used):
    before = make_scenario({**BASE, **BESIDE.get(name, {})})
    after = before.changed(**{name: OTHER[name]})
    assert after != before
    tried = {key: make for key, make in FUNCTIONS.items() if name in ALL_FOR or key not in SLOW}
    place["store"] = used
    found = {key: outcome(lambda make=make: make(before)) for key, make in tried.items()}
    assert {key: one for key, one in found.items() if refused(one)} == {}
    kept = {key: outcome(lambda make=make: make(after)) for key, make in tried.items()}
    place["store"] = memo.Store()
    for key, make in tried.items():
        fresh = outcome(lambda make=make: make(after))
        assert alike(kept[key], fresh), f"{key} forgets {name}: {kept[key]} for {fresh}"


def test_hours_of_another_rule_are_other_hours(place):
    """The case that was found: parity first, then max-min, gave the same plan under another name."""
    parity = make_scenario({**BASE, "fairness": 0.2})
    worst_off = parity.changed(fairness_rule="max-min")
    shown = [results.hours(one).frame["hours"].to_numpy() for one in (parity, worst_off)]
    prepared = prepare(results.area_data("here"), worst_off)
    assert np.allclose(shown[1], solve_hours_plan(prepared, worst_off).frame["hours"])
    assert np.abs(shown[0] - shown[1]).max() > 1.0


def test_a_maker_cannot_read_what_it_did_not_declare(place):
    scenario = make_scenario(BASE)
    with pytest.raises(memo.UndeclaredChoice, match="'seed'"):
        memo.memo("x", scenario, of="", reads=("budget",), make=lambda known, _: known.seed)
    with pytest.raises(memo.UndeclaredChoice, match="'fairness'"):
        memo.memo(
            "x", scenario, of="", reads=memo.DATA, make=lambda known, _: known.changed(zones="grid").fairness
        )
    with pytest.raises(memo.UndeclaredChoice):
        memo.memo("x", scenario, of="", reads=memo.DATA, make=lambda known, _: known.key())
    known = memo.narrowed(scenario, ("budget",))
    assert (known.budget, known.changed(seed=3).seed, known.changed(budget=4).budget) == (3.0, 3, 4.0)


def test_a_store_is_bounded_in_number_and_size():
    store = memo.Store(most=3, most_bytes=10_000)
    for key in range(5):
        store.put(key, key)
    assert [store.get(key) for key in range(5)] == [None, None, (2,), (3,), (4,)]
    store.put("large", np.zeros(1_000))
    assert store.get(4) == (4,)
    store.put("larger", np.zeros(10_000))
    assert len(store) == 1
    assert store.get("larger") is not None
    store.put("none", None)
    assert store.get("none") == (None,)


def test_weight_counts_arrays_tables_and_what_contains_them():
    table = pd.DataFrame({"a": np.zeros(1_000), "b": np.zeros(1_000)})
    assert memo.weight({"x": [np.zeros(500), table]}) >= 500 * 8 + 2_000 * 8
    loop: list[Any] = []
    loop.append(loop)
    assert memo.weight(loop) < 10_000


# -- sessions ------------------------------------------------------------------------------------------


def test_what_comes_with_the_program_is_shared_and_the_rest_is_not(monkeypatch):
    session: dict[str, Any] = {}
    monkeypatch.setattr(memo.st, "session_state", session)
    assert memo.store_of("sample") is memo.store_of("columbus")
    assert session == {}
    first = memo.store_of("upload-12345678")
    assert first is memo.store_of(None)
    assert first is not memo.store_of("sample")
    monkeypatch.setattr(memo.st, "session_state", {})
    assert memo.store_of("upload-12345678") is not first


@pytest.mark.parametrize("change", [{"name": "Another name"}, {"outcome": "charged"}, {"file": "other.csv"}])
def test_rows_that_differ_in_anything_are_other_data(here, change):
    """Month, type, place and force agree; name, outcome or file do not."""
    other = hostile.area(**change)
    assert other.identity != here.identity
    scenario = make_scenario({})
    assert prepare(other, scenario).key != prepare(here, scenario).key
    assert (other.content_hash != here.content_hash) == ("outcome" in change)
    assert hostile.area().identity == here.identity


@pytest.mark.parametrize("column", ["crime_id", "location", "lsoa_name", "outcome", "force", "lsoa_code"])
def test_every_column_of_the_rows_is_part_of_their_hash(here, column):
    from patrol_core.sources.area.assemble import content_hash

    changed = here.crimes.copy()
    changed[column] = changed[column].astype("str") + "x"
    assert content_hash(crimes=changed) != content_hash(crimes=here.crimes)


def test_a_session_shows_its_own_edition_of_the_same_rows(monkeypatch, here):
    """A newer edition with other outcomes, and another name, took the place of nothing: the first was shown."""
    later = hostile.area("Edition two", outcome="charged")
    held = {"store": memo.Store(), "data": here}
    monkeypatch.setattr(results, "area_data", lambda key: held["data"])
    monkeypatch.setattr(memo, "store_of", lambda area: held["store"])  # one store, as if it were shared
    scenario = make_scenario({"area": "here"})
    assert results.prepared(scenario).data is here
    held["data"] = later
    shown = results.prepared(scenario).data
    assert shown.name == "Edition two"
    assert set(shown.crimes["outcome"]) == {hostile.words("charged")}


def test_results_go_with_their_session(monkeypatch):
    session: dict[str, Any] = {}
    monkeypatch.setattr(memo.st, "session_state", session)
    held = [hostile.area()]
    monkeypatch.setattr(results, "area_data", lambda key: held[0])
    results.strategy(make_scenario({"area": "upload-1"}))
    gone = weakref.ref(held[0])
    monkeypatch.undo()
    held.clear()
    session.clear()
    gc.collect()
    assert gone() is None


# -- content -------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    name: str
    values: np.ndarray
    more: tuple[Any, ...] = ()


def test_every_part_of_a_record_counts():
    values = np.arange(5000.0)
    base = Record("a", values, ({"k": {1, 2}}, None))
    others = [
        Record("b", values, base.more),
        Record("a", values.astype("float32"), base.more),
        Record("a", np.where(np.arange(5000) == 2500, -1.0, values), base.more),  # repr would leave it out
        Record("a", values.reshape(50, 100), base.more),
        Record("a", values, ({"k": {1, 3}}, None)),
        Record("a", values, ({"k": {1, 2}}, 0)),
    ]
    digests = {digest_of(one) for one in (base, *others)}
    assert len(digests) == len(others) + 1
    assert digest_of(Record("a", values.copy(), ({"k": {2, 1}}, None))) == digest_of(base)
    assert digest_of("ab", "c") != digest_of("a", "bc")
    with pytest.raises(TypeError, match="object"):
        digest_of(object())
