"""Urban scenes: zones and streets by hand, labels that must meet, targets left out in words."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from patrol_core.errors import InputError
from patrol_core.graphs.places.library import zone_risk
from patrol_core.graphs.places.scenes.parts import joined, suggested_bases
from patrol_core.graphs.places.urban import urban_street_scene, urban_zone_scene
from patrol_core.roads.network import grid_city, make_network
from patrol_core.roads.parts import Roads
from patrol_core.sources.sample.embedded import load_area
from patrol_core.zones import make_zones, neighbours

UK = "EPSG:27700"
X0, Y0 = 530_000.0, 180_000.0


def squares(*cells, crs=UK):
    """Zones of 100 m by (row, column), named rc."""
    shapes = [
        shapely.box(X0 + 100 * c, Y0 + 100 * r, X0 + 100 * c + 100, Y0 + 100 * r + 100) for r, c in cells
    ]
    ids = pd.Index([f"{r}{c}" for r, c in cells], name="zone_id")
    return gpd.GeoDataFrame({"name": [f"Zone {i}" for i in ids]}, geometry=shapes, index=ids, crs=crs)


FOUR = squares((0, 0), (0, 1), (1, 0), (1, 1))
RISK = pd.Series([1.0, 4.0, 0.0, 2.0], index=["00", "01", "10", "11"])


def pairs(scene):
    return {frozenset(edge) for edge in scene.edges}


def test_zones_that_share_a_side_are_neighbours():
    scene = urban_zone_scene(FOUR, RISK)
    sides = {frozenset(p) for p in (("00", "01"), ("00", "10"), ("01", "11"), ("10", "11"))}
    assert pairs(scene) == sides
    across = {frozenset(("00", "11")), frozenset(("01", "10"))}
    assert pairs(urban_zone_scene(FOUR, RISK, corners=True)) == sides | across
    assert scene.values == {"00": 1.0, "01": 4.0, "11": 2.0}  # a zone without risk is no target
    assert scene.names["01"] == "Zone 01"
    assert scene.crs == UK


def test_risk_meets_zones_by_label_not_by_order():
    scene = urban_zone_scene(FOUR, RISK[::-1])
    assert scene.values == {"00": 1.0, "01": 4.0, "11": 2.0}
    assert scene.key == urban_zone_scene(FOUR, RISK).key


@pytest.mark.parametrize(
    ("risk", "words"),
    [
        (RISK.drop("11"), "1 zone has no risk \\(first: '11'\\)"),
        (pd.concat([RISK, pd.Series([1.0], index=["22"])]), "risk for '22', which is no zone"),
        (pd.concat([RISK, pd.Series([1.0], index=["00"])]), "'00' has two risks"),
        (RISK - 1, "'10' has the risk -1"),
        (RISK.replace(4.0, np.nan), "'01' has the risk nan"),
        (RISK * 0, "None of the 4 zones has a value above 0"),
    ],
)
def test_zones_and_risk_that_do_not_meet(risk, words):
    with pytest.raises(InputError, match=words):
        urban_zone_scene(FOUR, risk)


def test_targets_left_out_are_said_with_their_share():
    scene = urban_zone_scene(FOUR, RISK, most_targets=1, unit="crimes per month")
    assert scene.values == {"01": 4.0}
    assert (
        "1 of 3 zones with a value above 0 are targets; the other 2 hold 43% of the sum of all values and are left out."
        in scene.notes
    )
    every = urban_zone_scene(FOUR, RISK, most_targets=None)
    assert not any("left out" in note for note in every.notes)
    with pytest.raises(InputError, match="most_targets is 0"):
        urban_zone_scene(FOUR, RISK, most_targets=0)


def test_stations_by_place():
    def degrees(x, y):
        spot = gpd.GeoSeries([shapely.Point(X0 + x, Y0 + y)], crs=UK).to_crs(4326)[0]
        return spot.x, spot.y

    scene = urban_zone_scene(FOUR, RISK, {"In": degrees(150, 20), "Out": degrees(30, 900)})
    assert scene.bases == {"In": "01", "Out": "10"}
    assert any("Station Out lies in no zone; zone 10 is nearest" in note for note in scene.notes)
    plane = urban_zone_scene(squares((0, 0), (0, 1), crs=None), RISK[:2], {"In": (X0 + 150, Y0 + 20)})
    assert plane.bases == {"In": "01"}
    assert plane.crs is None


def test_islands_are_joined_by_their_nearest_pair():
    zones = squares((0, 0), (0, 1), (0, 4), (0, 5), (9, 9))
    scene = urban_zone_scene(zones, pd.Series(1.0, index=zones.index))
    assert pairs(scene) == {frozenset(p) for p in (("00", "01"), ("01", "04"), ("04", "05"), ("05", "99"))}
    assert any("2 pairs of zones that do not touch joined" in note for note in scene.notes)


def test_bridges_leave_a_connected_graph_alone():
    xy = np.array([[0.0, 0], [1, 0], [5, 0]])
    assert joined([(0, 1), (1, 2)], xy) == ()
    assert joined([(0, 1)], xy) in (((2, 1),), ((1, 2),))


def test_suggested_bases_are_the_greedy_medians():
    xy = np.array([[0.0, 0], [1, 0], [2, 0], [10, 0]])
    demand, weight = np.arange(4), np.array([1.0, 1, 1, 1])
    assert suggested_bases(xy, demand, weight, 1) == [1]
    assert suggested_bases(xy, demand, weight, 2) == [1, 3]
    assert suggested_bases(xy, demand, np.array([0.0, 0, 0, 5]), 1) == [3]
    assert sorted(suggested_bases(xy, demand, weight, 9)) == [0, 1, 2, 3]


@pytest.mark.parametrize("seed", [4, 5, 6])
def test_every_base_is_the_best_next_one_by_enumeration(seed):
    rng = np.random.default_rng(seed)
    xy, weight = rng.uniform(size=(40, 2)), rng.uniform(size=12)
    demand = rng.choice(40, 12, replace=False)

    def cost(bases):
        return sum(
            w * min(np.hypot(*(xy[k] - xy[t])) for k in bases) for t, w in zip(demand, weight, strict=True)
        )

    chosen: list[int] = []
    for _ in range(5):
        chosen.append(min((k for k in range(40) if k not in chosen), key=lambda k: cost([*chosen, k])))
    assert suggested_bases(xy, demand, weight, 5) == chosen


@pytest.mark.parametrize("system", ["lsoa", "ward", "grid", "hex"])
def test_every_zone_system_of_the_sample_is_one_connected_graph(system):
    zones, risk, unit = zone_risk(load_area("sample"), system, cell_m=1000)
    scene = urban_zone_scene(zones, risk, unit=unit)
    whole = make_network(scene.edges, nodes=scene.node_ids)
    assert whole.reached([0]).all()
    assert unit == "crimes per month"
    queen = neighbours(zones)
    assert all(b in queen[a] for a, b in scene.edges)
    if system == "grid":  # at most four sides
        degree = pd.Series([end for edge in scene.edges for end in edge]).value_counts()
        assert degree.max() <= 4


def test_zone_risk_counts_the_crimes_of_the_last_year():
    data = load_area("sample")
    _, risk, _ = zone_risk(data, "lsoa")
    last = data.crimes["month"].astype(str).isin(data.months[-12:])
    counted = risk.sum() * 12
    types = set(data.crimes["crime_type"][last].astype(str))
    assert counted <= last.sum()
    assert counted > 0.8 * last.sum(), types


def test_columbus_has_no_place_on_earth():
    data = load_area("columbus")
    zones = make_zones(data, "own")
    risk = data.totals.set_index("zone_id")["count"]
    scene = urban_zone_scene(zones, risk, most_targets=None)
    assert scene.crs is None
    assert scene.values == pytest.approx({k: v for k, v in risk.items() if v > 0})


# -- streets ----------------------------------------------------------------------------------------


def test_crimes_count_at_the_nearest_crossing():
    roads = Roads(grid_city(3, 3), "Town", UK)
    crimes = np.array([[4.0, 4], [49, 0], [51, 0], [210, 190], [np.nan, 1], [1000, 200]])
    scene = urban_street_scene(roads, crimes)
    assert scene.values == {"0,0": 2.0, "0,1": 1.0, "2,2": 2.0}
    assert any("1 crime of 6 without a place" in note for note in scene.notes)
    assert any(
        "1 crime is more than 250 m from the nearest crossing (at most 800 m)" in n for n in scene.notes
    )
    heavy = urban_street_scene(roads, crimes, weights=np.array([1.0, 2, 3, 4, 5, 6]), most_targets=1)
    assert heavy.values == {"2,2": 10.0}
    assert len(scene.node_ids) == 9
    assert sum(scene.values.values()) == 5


@pytest.mark.parametrize(
    ("crimes", "more", "words"),
    [
        (np.zeros((2, 3)), {}, "shape"),
        (np.full((2, 2), np.nan), {}, "No crime has a place"),
        (np.zeros((2, 2)), {"weights": np.array([1.0])}, "one finite weight"),
        (np.zeros((2, 2)), {"weights": np.array([1.0, -1])}, "one finite weight"),
        (np.zeros((2, 2)), {"suggested": 0}, "suggested is 0"),
    ],
)
def test_ill_formed_crimes(crimes, more, words):
    with pytest.raises(InputError, match=words):
        urban_street_scene(Roads(grid_city(2, 2), "Town", UK), crimes, **more)


def test_stations_and_crimes_of_another_place():
    roads = Roads(grid_city(3, 3), "Town")
    scene = urban_street_scene(roads, np.array([[0.0, 0]]), {"Near": (120.0, 90.0), "Far": (900.0, 0.0)})
    assert scene.bases == {"Near": "1,1", "Far": "0,2"}
    assert "Station Far is 700 m from its crossing; check its place." in scene.notes
    with pytest.raises(InputError, match=r"nearest crime is 9\.0 km from the streets"):
        urban_street_scene(roads, np.array([[9200.0, 0], [20_000, 0]]))


def test_streets_without_places_are_refused():
    with pytest.raises(InputError, match="no places of its crossings"):
        urban_street_scene(Roads(make_network([("a", "b")]), "Town"), np.zeros((1, 2)))
