"""The two real data sets inside libpysal, against the files themselves."""

from __future__ import annotations

import geopandas as gpd
import libpysal.examples
import numpy as np
import pytest
import shapely

from patrol_core import zones as z
from patrol_core.areas import DataKind
from patrol_core.errors import InputError
from patrol_core.sources.sample.classics import COLUMBUS_UNIT, load_columbus, load_geodanet
from patrol_core.sources.sample.embedded import load_area


def test_columbus_against_the_shipped_file():
    area = load_columbus()
    raw = gpd.read_file(libpysal.examples.get_path("columbus.shp"))
    assert (area.key, area.kind, area.zone_systems) == ("columbus", DataKind.PUBLISHED, ("own",))
    assert len(area.polygons) == 49
    np.testing.assert_allclose(area.totals["count"], raw["CRIME"])
    assert area.value_unit() == COLUMBUS_UNIT
    assert area.crimes is None
    assert area.polygons["population"].isna().all()
    assert sorted(area.polygons["income_quintile"].value_counts()) == [9, 10, 10, 10, 10]
    poorest = area.polygons[area.polygons["income_quintile"] == "1"]
    assert (
        poorest["income"].max() <= area.polygons.loc[area.polygons["income_quintile"] != "1", "income"].min()
    )
    assert (area.polygons["part"] == "Inner (core)").sum() == int(raw["CP"].sum())


def test_columbus_zones_and_counts():
    area = load_area("columbus")
    zones = z.make_zones(area, "own")
    assert zones["area_km2"].isna().all()  # the unit of the plane is unknown
    counts, placed = z.count_crimes(area, zones)
    assert counts["count"].sum() == pytest.approx(area.totals["count"].sum())
    assert (placed.rows, placed.placed, placed.outside) == (49, 49, 0)
    drawn, planar = z.to_degrees(zones, digits=12)
    assert planar  # drawn as it is, without a place on Earth
    np.testing.assert_allclose(shapely.area(drawn.to_numpy()), shapely.area(zones.geometry.to_numpy()))
    with pytest.raises(InputError, match="not offered"):
        z.make_zones(area, "grid")


def test_geodanet_against_the_shipped_file():
    area = load_geodanet()
    raw = gpd.read_file(libpysal.examples.get_path("crimes.shp"))
    assert len(area.crimes) == len(raw) == 287
    assert {name: len(layer) for name, layer in area.extra.items()} == {"streets": 293, "schools": 8}
    assert area.crs == "EPSG:26949"
    feet = 0.3048006096012192  # US survey foot: lengths must scale by it, whatever the false origin
    spread = np.ptp(raw.geometry.x) * feet
    assert np.ptp(area.crimes["x"]) == pytest.approx(spread, rel=1e-4)
    streets = area.extra["streets"]
    published = gpd.read_file(libpysal.examples.get_path("streets.shp"))["Length"]
    # the file's lengths belong to its shapes, but stand in another order
    np.testing.assert_allclose(sorted(streets["length_m"]), sorted(published * feet), rtol=1e-3)
    assert area.crimes["lat"].between(33, 34).all()  # Arizona
    assert any("no date" in f.text for f in area.findings)


@pytest.mark.parametrize("system", ["grid", "hex"])
def test_geodanet_cells_hold_every_crime_and_street(system):
    area = load_geodanet()
    zones = z.make_zones(area, system, cell_m=150)
    counts, placed = z.count_crimes(area, zones)
    assert counts["count"].sum() == placed.placed == 287
    ground = zones.union_all()
    assert area.extra["streets"].within(ground.buffer(0.01)).all()
    assert z.snap_point_warning(area, zones) is None  # these points are not anonymised


def test_hashes_are_stable_and_keys_are_checked():
    for key in ("columbus", "geodanet"):
        assert load_area(key).content_hash == load_area(key).content_hash
    assert load_area("columbus").content_hash != load_area("geodanet").content_hash
    with pytest.raises(InputError, match="sample, columbus, geodanet"):
        load_area("atlantis")
