"""The library's front door: open an area, plan, compare, save; the same figures as the command line."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import patrol_core as pc
from patrol_core.cli import main

HEADER = (
    "Crime ID,Month,Reported by,Falls within,Longitude,Latitude,Location,LSOA code,LSOA name,Crime type,"
    "Last outcome category,Context"
)


@pytest.fixture(scope="module")
def columbus() -> pc.AreaData:
    return pc.open_area("columbus")


@pytest.fixture(scope="module")
def five(columbus) -> pc.PatrolPlan:
    return pc.plan(columbus, units=5)


def test_the_front_door_offers_what_it_names():
    assert set(pc.__all__) <= set(dir(pc))
    for name in pc.__all__:
        assert getattr(pc, name) is not None
    with pytest.raises(AttributeError, match="nothing_here"):
        _ = pc.nothing_here


def test_nothing_heavy_loads_before_it_is_used():
    code = "import sys, patrol_core; print([m for m in ('numpy', 'pandas', 'pyomo', 'geopandas') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_two_zones_by_hand(tmp_path, monkeypatch):
    """160 and 80 burglaries in 12 months, one unit: both zones keep v with (1 - v/V1) + (1 - v/V2) = 1, so v = V1 V2 / (V1 + V2)."""
    monkeypatch.chdir(tmp_path)
    rows = [HEADER]
    for k in range(240):
        code, lon = ("E01000001", -1.4952) if k % 3 else ("E01000002", -1.4848)
        rows.append(f",2025-{1 + k // 3 % 12:02d},,,{lon},53.8005,,{code},,Burglary,,")
    (tmp_path / "crimes.csv").write_text("\n".join(rows))
    square = (
        '{"type":"Polygon","coordinates":[[[%s,53.795],[%s,53.795],[%s,53.806],[%s,53.806],[%s,53.795]]]}'
    )
    shapes = ",".join(
        f'{{"type":"Feature","properties":{{"LSOA21CD":"{code}"}},"geometry":{square % (a, b, b, a, a)}}}'
        for code, a, b in (("E01000001", -1.5, -1.49), ("E01000002", -1.49, -1.48))
    )
    (tmp_path / "zones.geojson").write_text(f'{{"type":"FeatureCollection","features":[{shapes}]}}')
    area = pc.open_area("crimes.csv", boundaries="zones.geojson", name="Two squares")
    plan = pc.plan(area, units=1, effectiveness=1, response="linear")
    busy, calm = 160 / 12, 80 / 12
    left = busy * calm / (busy + calm)
    assert area.name == "Two squares"
    assert plan.coverage.to_dict() == pytest.approx(
        {"E01000001": 1 - left / busy, "E01000002": 1 - left / calm}
    )
    assert plan.certificate.objective == pytest.approx(left)
    half = plan.changed(
        effectiveness=0.5, response="several"
    )  # one unit brings the busy zone down to the calm one
    assert half.coverage.to_dict() == pytest.approx({"E01000001": 1.0, "E01000002": 0.0})
    assert half.zones["residual"].to_dict() == pytest.approx({"E01000001": calm, "E01000002": calm})
    assert half.zones["hours"].to_dict() == pytest.approx({"E01000001": 730.0, "E01000002": 0.0})
    assert "assuming each prevents half of the harm where it stands: worst zone 13.3 to 6.67" in half.headline
    three = half.changed(
        units=3
    )  # (1 + a) and (1 + b) with a + b = 1: busy (1 - a / 2) / 2 = calm (1 - b / 2)
    assert three.coverage.to_dict() == pytest.approx({"E01000001": 2.0, "E01000002": 1.0})


def test_one_resource_in_three_faces(columbus, five):
    """5 units = 3,650 hours a month; 52.5 officers of 40 hours a week, a fifth of them away, in pairs, make another number."""
    by_hours = pc.plan(columbus, hours=3650)
    by_officers = pc.plan(columbus, officers=52.5, abstraction=0.2, contract_hours=40, crew=2)
    pd.testing.assert_frame_equal(by_hours.zones, five.zones, check_exact=True)
    assert by_officers.scenario.budget == pytest.approx(52.5 * 40 * 0.8 / 2 / 168)
    assert five.changed(hours=3650).scenario.budget == 5.0
    assert five.changed(hours=3650).changed(units=2).scenario.hours_of_resource == 1460.0
    for said in ({"units": 1, "hours": 2}, {"hours": 2, "officers": 1}):
        with pytest.raises(pc.InputError, match="give one of them"):
            pc.plan(columbus, **said)


def test_same_files_as_the_command_line(five, tmp_path, capsys):
    assert main(["plan", "--area", "columbus", "--budget", "5", "--out", str(tmp_path / "cli")]) == 0
    names = five.save(tmp_path / "library")
    assert sorted(names) == sorted(path.name for path in (tmp_path / "cli").iterdir())
    for name in ("coverage.csv", "deployments.csv", "zones.geojson"):
        assert (tmp_path / "library" / name).read_bytes() == (tmp_path / "cli" / name).read_bytes()
    assert five.summary()["objective"] == json.loads(capsys.readouterr().out)["objective"]


def test_changed_is_the_plan_made_anew(columbus, five):
    for choices in ({"units": 8}, {"fairness": 0.5}, {"zones": "own", "units": 3}, {"effectiveness": 0.5}):
        pd.testing.assert_frame_equal(
            five.changed(**choices).zones, pc.plan(columbus, **{"units": 5, **choices}).zones, rtol=1e-9
        )
    again = five.changed(fairness=0.5).changed(fairness="off")
    np.testing.assert_allclose(again.coverage, five.coverage, atol=1e-9)


def test_more_units_are_never_worse(five):
    worst = [five.changed(units=units).result.strategy.worst_case for units in (1, 2, 4, 8, 16)]
    assert all(b <= a + 1e-9 for a, b in itertools.pairwise(worst))


def test_compare_puts_plans_side_by_side(five):
    other = five.changed(units=7, fairness=0.5)
    found = pc.compare({"five": five, "seven": other})
    assert list(found.table.index) == ["five", "seven"] == list(found.coverage.columns)
    assert found.table.loc["seven", "units on patrol"] == pytest.approx(7)
    assert found.table["status"].tolist() == ["optimal", "optimal"]
    pd.testing.assert_series_equal(found.coverage["five"], five.coverage, check_names=False)
    assert len(pc.compare([five, other]).table) == 2
    assert "<table" in found._repr_html_()


def test_a_notebook_shows_map_and_figures_and_fetches_nothing(five):
    drawn = five._repr_html_()
    assert "data:image/png;base64," in drawn
    assert "Columbus" in drawn
    assert "http" not in drawn.replace("data:image", "")


def test_names_are_text_in_html(columbus):
    from dataclasses import replace

    plan = pc.plan(replace(columbus, name="<script>alert(1)</script>"), units=2)
    assert "<script>" not in plan._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"source": "nowhere.csv"}, "nowhere.csv"),
        ({}, "No data were named"),
        ({"source": "sample", "boundaries": "zones.geojson"}, "embedded"),
        ({"source": "sample", "lookup": "codes.csv"}, "lookup goes with store"),
        ({"source": "sample", "store": True}, "either"),
        ({"store": True}, "boundaries"),
        ({"source": __file__, "zone_id": "code"}, "zone_id"),
    ],
)
def test_bad_sources_are_one_sentence(arguments, words):
    with pytest.raises(pc.InputError, match=words):
        pc.open_area(**arguments)


def test_bad_choices_are_one_sentence(columbus, five):
    with pytest.raises(pc.InputError, match="unitz"):
        pc.plan(columbus, unitz=3)
    with pytest.raises(pc.InputError, match="budget"):
        pc.plan(columbus, units=-3)
    with pytest.raises(pc.InputError, match="two or more"):
        pc.compare([five])
    with pytest.raises(pc.InputError, match="other data"):
        pc.compare(
            [five, five.changed(weighting="count", effectiveness=0.4), pc.plan(pc.open_area("geodanet"))]
        )
