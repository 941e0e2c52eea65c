"""Wildlife scenes: the published targets come out, scores add up to the animals, and nothing is dropped in silence."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from pyproj import Geod
from sklearn.cluster import KMeans

from patrol_core.errors import InputError
from patrol_core.graphs.places.observations import box_around, read_observations
from patrol_core.graphs.places.park import generated_park
from patrol_core.graphs.places.wildlife import wildlife_scene
from patrol_core.graphs.places.wildlife_grid import make_grid

BOX = (10.0, 0.0, 10.4, 0.4)


def table(*rows):
    return pd.DataFrame(rows, columns=["animal_id", "lon", "lat"])


def seen(*rows):
    """Observations at the centres of cells of a 4 by 4 grid over BOX: (animal, row, column, how often)."""
    return table(*((a, 10.05 + 0.1 * c, 0.05 + 0.1 * r) for a, r, c, n in rows for _ in range(n)))


@pytest.fixture(scope="module")
def lobeke(shared_guard):
    data = (shared_guard / "raw" / "lobeke_observations.csv").read_bytes()
    return read_observations("lobeke_observations.csv", data)


CASES = [(c, g) for c in range(7, 13) for g in range(7, 11)]


@pytest.mark.parametrize(("clusters", "cells"), CASES)
def test_published_targets_are_reproduced(shared_guard, lobeke, clusters, cells):
    published = json.loads((shared_guard / "instances" / f"gsg_lobeke_c{clusters}_g{cells}.json").read_text())
    box = published["bbox"]
    scene = wildlife_scene(
        lobeke.frame,
        (box["lon_min"], box["lat_min"], box["lon_max"], box["lat_max"]),
        published["rows"],
        published["columns"],
        clusters=clusters,
        bases={base["name"]: (base["lon"], base["lat"]) for base in published["home_bases"]},
        mode="compatible",
    )
    rows, columns = published["rows"], published["columns"]
    # Rows of the published files count from the north.
    cell = {node["id"]: (rows - 1 - node["row"]) * columns + node["col"] for node in published["nodes"]}
    wanted = {cell[target["node"]]: target["score"] for target in published["targets"]}
    assert scene.values.keys() == wanted.keys()
    assert max(abs(scene.values[k] - wanted[k]) for k in wanted) < 1e-9
    assert list(scene.bases.values()) == [cell[node] for node in published["home_base_nodes"]]
    assert {frozenset(edge) for edge in scene.edges} == {
        frozenset(cell[end] for end in edge) for edge in published["edges"]
    }
    places = {cell[node["id"]]: (node["lon"], node["lat"]) for node in published["nodes"]}
    assert np.allclose(scene.xy, [places[k] for k in range(rows * columns)], atol=1e-12)


def test_metres_move_no_target_of_lobeke_by_much_but_are_said(lobeke):
    box = (15.879, 2.053, 16.2038, 2.2837)
    ours = wildlife_scene(lobeke.frame, box, 8, 8)
    theirs = wildlife_scene(lobeke.frame, box, 8, 8, mode="compatible")
    assert sum(ours.values.values()) == pytest.approx(sum(theirs.values.values())) == pytest.approx(4)
    assert any("metres on a local plane" in note for note in ours.notes)
    assert any("degrees, as published" in note for note in theirs.notes)
    assert any("1,590 observations of 3,182 outside the box" in note for note in ours.notes)


def test_density_by_hand():
    scene = wildlife_scene(seen(("a", 0, 0, 3), ("b", 0, 0, 1), ("b", 3, 2, 4)), BOX, 4, 4, scoring="density")
    # 8 observations of 2 animals: 4 in the cell in the south-west, 4 in row 3, column 2.
    assert scene.values == {0: 1.0, 14: 1.0}
    assert scene.names[14] == "Cell 3,2"
    assert scene.attacker_values is None


def test_clusters_whose_centres_share_a_cell_add_up():
    frame = table(("a", 10.01, 0.01), ("a", 10.01, 0.01), ("a", 10.09, 0.09), ("b", 10.35, 0.35))
    scene = wildlife_scene(frame, BOX, 4, 4, clusters=3)
    assert scene.values == pytest.approx({0: 1.5, 15: 0.5})


@pytest.mark.parametrize("scoring", ["density", "centroid"])
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_scores_add_up_to_the_animals_and_do_not_depend_on_the_order_of_the_rows(scoring, seed):
    frame = generated_park(seed, animals=3, hours=300).observations
    scene = wildlife_scene(frame, None, 6, 5, scoring=scoring, clusters=4)
    assert sum(scene.values.values()) == pytest.approx(3)
    if scoring == "density":
        turned = wildlife_scene(frame[::-1].reset_index(drop=True), None, 6, 5, scoring=scoring)
        assert turned.values == scene.values


def test_a_finer_grid_divides_the_scores():
    frame = generated_park(5).observations
    box = box_around(frame)
    coarse = wildlife_scene(frame, box, 4, 4, scoring="density").values
    fine = wildlife_scene(frame, box, 8, 8, scoring="density").values
    for cell in range(16):
        r, c = divmod(cell, 4)
        parts = [(2 * r + i) * 8 + 2 * c + j for i in (0, 1) for j in (0, 1)]
        assert sum(fine.get(part, 0.0) for part in parts) == pytest.approx(coarse.get(cell, 0.0))


def test_attacker_values_by_hand():
    # The line is the east side; the targets lie in columns 0, 1 and 3, so that nearness is 0, 1/3 and 1.
    frame = seen(("a", 1, 0, 1), ("a", 1, 1, 1), ("a", 1, 3, 2))
    scene = wildlife_scene(
        frame, BOX, 4, 4, scoring="density", escape_line=((10.4, 0.0), (10.4, 0.4)), alpha=0.6,
        attacker_value_factor=2, defender_value_factor=3, mode="compatible",
    )  # fmt: skip
    assert scene.values == pytest.approx({4: 0.75, 5: 0.75, 7: 1.5})
    assert scene.attacker_values == pytest.approx({4: 0.5, 5: 0.5 * 1.2, 7: 1.0 * 1.6})


def test_far_north_the_measure_decides_which_target_is_nearest():
    # At 60 degrees north a degree of longitude is half as long as one of latitude.
    box = (10.0, 60.0, 10.4, 60.4)
    frame = table(("a", 10.05, 60.05), ("a", 10.35, 60.05), ("a", 10.05, 60.35))
    line = ((10.399, 60.399), (10.4, 60.4))
    near = {}
    for mode in ("corrected", "compatible"):
        scene = wildlife_scene(frame, box, 4, 4, scoring="density", escape_line=line, mode=mode)
        near[mode] = scene.attacker_values
    assert near["compatible"][3] == pytest.approx(near["compatible"][12], rel=1e-2)
    away = [
        Geod(ellps="WGS84").inv(lon, lat, 10.399, 60.399)[2]
        for lon, lat in ((10.05, 60.05), (10.35, 60.05), (10.05, 60.35))
    ]
    nearness = 1 - (np.array(away) - min(away)) / (max(away) - min(away))
    expected = (1 + nearness) / 3
    assert [near["corrected"][k] for k in (0, 3, 12)] == pytest.approx(expected, abs=1e-4)


def test_targets_equally_far_are_all_near():
    frame = seen(("a", 0, 2, 1), ("a", 3, 2, 1))
    line = ((10.4, -1.0), (10.4, 1.0))
    scene = wildlife_scene(frame, BOX, 4, 4, scoring="density", escape_line=line, mode="compatible")
    assert scene.attacker_values == pytest.approx({2: 1.0, 14: 1.0})


def test_points_on_the_edges_of_the_box_belong_to_it():
    grid = make_grid(BOX, 4, 4)
    corners = np.array([[10.0, 0.0], [10.4, 0.0], [10.0, 0.4], [10.4, 0.4]])
    assert grid.cells(corners).tolist() == [0, 3, 12, 15]
    frame = table(*(("a", lon, lat) for lon, lat in corners.tolist()))
    assert wildlife_scene(frame, BOX, 4, 4, scoring="density").values == dict.fromkeys([0, 3, 12, 15], 0.25)


def test_a_base_outside_the_box_is_said():
    scene = wildlife_scene(seen(("a", 0, 0, 1)), BOX, 4, 4, scoring="density", bases={"Far": (11.0, 0.05)})
    assert scene.bases == {"Far": 3}
    assert any("Base Far lies outside" in note for note in scene.notes)
    scene = wildlife_scene(seen(("a", 0, 0, 1)), BOX, 4, 4, scoring="density")
    assert scene.bases == {"Middle": 10}
    assert any("No base was given" in note for note in scene.notes)


def test_the_key_is_that_of_the_content():
    frame = seen(("a", 0, 0, 1))
    one, same, other = (
        wildlife_scene(
            frame, BOX, 4, 4, scoring="density", moves=m, defender_value_factor=f, attacker_value_factor=f
        )
        for m, f in ((5, 1.0), (6, 1.0), (5, 2.0))
    )
    assert one.key == same.key != other.key


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scoring": "mean"}, "choose centroid or density"),
        ({"clusters": 9}, "there are 2 different places"),
        ({"clusters": 0}, "clusters is 0"),
        ({"bbox": (10.4, 0.0, 10.0, 0.4)}, "west must be below east"),
        ({"bbox": (0.0, 0.0, 1.0, 1.0)}, "None of the 2 observations lies in the box"),
        ({"rows": 0}, "rows is 0"),
        ({"rows": 1, "columns": 1}, "1 cells"),
        ({"rows": 1000, "columns": 1000}, "1,000,000 cells"),
        ({"bases": {"A": (2.0, 100.0)}}, "not on Earth"),
        ({"escape_line": ((1.0, 1.0), (1.0, 1.0))}, "two different points"),
        ({"escape_line": ((10.4, 0.0), (10.4, 0.4)), "alpha": -1}, "alpha is -1"),
        ({"defender_value_factor": float("nan")}, "defender_value_factor is nan"),
        ({"mode": "both"}, "mode is 'both'"),
    ],
)
def test_ill_formed_requests(change, words):
    arguments = {"bbox": BOX, "rows": 4, "columns": 4, "clusters": 2, **change}
    with pytest.raises(InputError, match=words):
        wildlife_scene(seen(("a", 0, 0, 1), ("a", 3, 3, 1)), **arguments)


# -- the file ---------------------------------------------------------------------------------------


def test_movebank_names_and_rows_with_gaps():
    text = (
        "event-id,timestamp,location-long,location-lat,individual-local-identifier\n"
        "1,2002,15.9,2.1,e1\n2,2002,,2.1,e1\n3,2002,15.9,2.2,\n4,2002,,,\n5,2003,16.0,2.2,e2\n"
    )
    found = read_observations("m.csv", text.encode())
    assert found.frame.to_dict("list") == {"animal_id": ["e1", "e2"], "lon": [15.9, 16.0], "lat": [2.1, 2.2]}
    (note,) = found.notes
    assert "3 rows of m.csv of 5 lack a field" in note
    assert "2 without location-long" in note
    assert "first: row 2" in note


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("animal_id,lat\na,1\n", "no column for lon"),
        ("animal_id,lat,lon,longitude\na,1,1,1\n", "two columns for lon"),
        ("animal_id,lat,lon\na,1,east\n", "row 1: lon is 'east'"),
        ("animal_id,lat,lon\na,1,1\nb,99,1\n", "row 2: longitude 1, latitude 99"),
        ("animal_id,lat,lon\n,1,1\n", "no row with an animal"),
        ("animal_id,lat,lon\na,1,inf\n", "lon is 'inf'"),
        ("animal_id,lat,lon\na,1\n", "line 2"),
    ],
)
def test_ill_formed_files(text, words):
    with pytest.raises(InputError, match=words):
        read_observations("o.csv", text.encode())


# -- the generated park -----------------------------------------------------------------------------


def test_the_generated_park_is_the_same_for_a_seed_and_stays_in_its_box():
    one, same, other = generated_park(3), generated_park(3), generated_park(4)
    pd.testing.assert_frame_equal(one.observations, same.observations)
    assert not one.observations.equals(other.observations)
    west, south, east, north = one.bbox
    assert one.observations["lon"].between(west, east).all()
    assert one.observations["lat"].between(south, north).all()
    assert len(one.observations) == 6 * 400
    assert all(name.startswith("Generated") for name in one.observations["animal_id"])


def test_thirst_draws_animals_to_the_water():
    def mean_distance(thirst):
        park = generated_park(11, thirst=thirst)
        places = park.observations[["lon", "lat"]].to_numpy()
        return np.sqrt(((places[:, None] - park.water[None]) ** 2).sum(axis=2)).min(axis=1).mean()

    assert mean_distance(0.5) < 0.8 * mean_distance(0.0)


def test_kmeans_itself_is_the_oracle_of_the_clusters():
    park = generated_park(2)
    scene = wildlife_scene(park.observations, park.bbox, 7, 9, clusters=6, seed=3, mode="compatible")
    places = park.observations[["lon", "lat"]].to_numpy()
    found = KMeans(6, random_state=3, n_init="auto").fit(places)
    west, south, east, north = park.bbox
    wanted: dict[int, float] = {}
    for k, (lon, lat) in enumerate(found.cluster_centers_):
        cell = int((lat - south) / (north - south) * 7) * 9 + int((lon - west) / (east - west) * 9)
        wanted[cell] = wanted.get(cell, 0) + (found.labels_ == k).sum() * 6 / len(places)
    assert scene.values == pytest.approx(wanted)
