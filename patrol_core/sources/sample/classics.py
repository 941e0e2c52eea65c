"""Two real, published data sets that ship inside PySAL's libpysal: Columbus and GeoDaNet.

They need neither network nor file, and they are old and small: for learning and for comparing, not for
planning.

* **Columbus, Ohio**: 49 neighbourhoods, 1980. Source: Anselin, L. (1988), *Spatial Econometrics*, Kluwer,
  table 12.1, p. 189. ``CRIME`` = residential burglaries and vehicle thefts per 1,000 households, ``INC`` =
  household income and ``HOVAL`` = housing value in 1,000 US dollars, ``CP`` = 1 in the core of the city.
  Shapes are in digitiser units of unknown length and place.
* **GeoDaNet**: 293 streets, 287 crime points without date or type, 8 schools, in US feet (ESRI:102649,
  Arizona Central). Source: the sample data of GeoDaNet (GeoDa Center).
"""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd

from patrol_core.areas import CRIME_COLUMNS, AreaData, DataKind, Finding
from patrol_core.errors import SourceError
from patrol_core.files.projection import project_points
from patrol_core.files.schema import validate_crimes, validate_totals
from patrol_core.sources.area import content_hash
from patrol_core.sources.zone_tables import quintiles

#: A plane without known unit or place; nothing can be projected to or from it.
COLUMBUS_CRS = (
    'ENGCRS["Columbus 1980, digitiser units",EDATUM["Unknown engineering datum"],CS[Cartesian,2],'
    'AXIS["x",east,ORDER[1],LENGTHUNIT["unknown",1]],AXIS["y",north,ORDER[2],LENGTHUNIT["unknown",1]]]'
)
#: NAD83 / Arizona Central, metres.
GEODANET_CRS = "EPSG:26949"
GEODANET_FEET = "ESRI:102649"
#: Month given to rows that have none.
UNDATED_MONTH = "1900-01"
COLUMBUS_MONTH = "1980-01"
COLUMBUS_UNIT = "crimes per 1,000 households"


def _example(folder: str, file: str) -> Path:
    """Path of a file that ships with libpysal, found without importing it (importing takes a second)."""
    spec = find_spec("libpysal")
    if spec is None or spec.origin is None:
        raise SourceError(
            "The embedded data set needs the package libpysal; install the project's requirements again."
        )
    path = Path(spec.origin).parent / "examples" / folder / file
    if not path.is_file():
        raise SourceError(
            f"libpysal is installed without {folder}/{file}; install the project's requirements again."
        )
    return path


def load_columbus() -> AreaData:
    """Columbus neighbourhoods: rates of 1980 by zone, no points; area and population unknown (NaN).

    ``totals["count"]`` is the rate per 1,000 households. Groups: income quintile (1 = poorest) and
    inner or outer part of the city. Further polygon columns: ``income`` and ``house_value`` (1,000 US
    dollars).
    """
    raw = gpd.read_file(_example("columbus", "columbus.shp"))
    ids = pd.Index([f"{int(i):02d}" for i in raw["POLYID"]], dtype="str", name="zone_id")
    polygons = gpd.GeoDataFrame(
        {
            "name": [f"Neighbourhood {int(i)}" for i in raw["POLYID"]],
            "ward": np.where(raw["CP"] == 1, "Core", "Periphery"),
            "population": np.nan,
            "income_quintile": quintiles(raw["INC"]).to_numpy(),
            "part": np.where(raw["CP"] == 1, "Inner (core)", "Outer (periphery)"),
            "income": raw["INC"].to_numpy(),
            "house_value": raw["HOVAL"].to_numpy(),
        },
        geometry=raw.geometry.to_numpy(),
        index=ids,
        crs=COLUMBUS_CRS,
    )
    polygons[["ward", "part"]] = polygons[["ward", "part"]].astype("str")
    totals = validate_totals(
        pd.DataFrame(
            {
                "zone_id": pd.Series(ids, dtype="str"),
                "month": pd.Series([COLUMBUS_MONTH] * len(ids), dtype="str"),
                "crime_type": pd.Series(["Burglary and vehicle theft"] * len(ids), dtype="str"),
                "count": raw["CRIME"].to_numpy(dtype=float),
            }
        )
    )
    covariates = pd.DataFrame(
        {"income": polygons["income"], "house_value": polygons["house_value"]}, index=ids
    )
    covariates.attrs = {
        "labels": {
            "income": "Household income (1,000 US dollars)",
            "house_value": "Housing value (1,000 US dollars)",
        },
        "files": dict.fromkeys(covariates, "columbus.shp"),
    }
    return AreaData(
        key="columbus",
        name="Columbus, Ohio (1980)",
        kind=DataKind.PUBLISHED,
        crs=COLUMBUS_CRS,
        crimes=None,
        polygons=polygons,
        totals=totals,
        zone_systems=("own",),
        groups={"income_quintile": "Income quintile (1 = poorest)", "part": "Part of the city"},
        months=(COLUMBUS_MONTH,),
        attribution="Anselin (1988), Spatial Econometrics, table 12.1; shipped with PySAL's libpysal.",
        findings=_columbus_findings(),
        content_hash=content_hash(totals=totals, polygons=polygons, covariates=covariates),
        unit=COLUMBUS_UNIT,
        dated=False,
        covariates=covariates,
    )


def _columbus_findings() -> tuple[Finding, ...]:
    return (
        Finding(
            "warning",
            "Values are rates per 1,000 households, not counts: zones compare as places to live in, and "
            "their sum is no number of crimes.",
        ),
        Finding(
            "warning",
            "Shapes are in digitiser units of unknown length and place: there is no area in km2, no figure "
            "per km2, no grid and no basemap.",
        ),
        Finding("warning", "The population is unknown: rates and fairness rules of groups are per zone."),
        Finding(
            "info",
            f"One value a zone for the year 1980, filed under {COLUMBUS_MONTH}; there is no trend or season.",
        ),
    )


def load_geodanet() -> AreaData:
    """GeoDaNet: streets, schools and 287 undated crime points; zones are grid or hexagons only."""
    layers = {name: _geodanet_layer(f"{name}s.shp") for name in ("crime", "street", "school")}
    points = layers.pop("crime")
    crimes = _geodanet_crimes(points)
    extra = {
        "streets": _streets(layers["street"]),
        "schools": layers["school"].rename(columns={"POLYID": "school_id"}),
    }
    return AreaData(
        key="geodanet",
        name="GeoDaNet street network",
        kind=DataKind.PUBLISHED,
        crs=GEODANET_CRS,
        crimes=crimes,
        polygons=None,
        totals=None,
        zone_systems=("grid", "hex"),
        groups={},
        months=(UNDATED_MONTH,),
        attribution="Sample data of GeoDaNet (GeoDa Center); shipped with PySAL's libpysal.",
        findings=(
            Finding(
                "warning",
                f"The crimes have no date; all are filed under {UNDATED_MONTH}, so 'per month' means 'in the "
                "whole data' and there is no trend or season.",
                len(crimes),
            ),
            Finding("warning", "The crimes have no type: harm weights do not apply.", len(crimes)),
            Finding("warning", "There are no census zones: population and groups are unknown."),
            Finding(
                "info",
                "The place is about 1.7 km wide; cells of 100 to 250 m suit it better than the usual 500 m.",
            ),
        ),
        content_hash=content_hash(crimes=crimes),
        extra=extra,
        dated=False,
    )


def _geodanet_layer(file: str) -> gpd.GeoDataFrame:
    frame = gpd.read_file(_example("geodanet", file))
    return frame.set_crs(GEODANET_FEET, allow_override=True).to_crs(GEODANET_CRS)


def _streets(layer: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Streets with id in the order of the shapes and length in metres.

    The file's own ``Length`` holds the right lengths in another order than its shapes, so it is not used.
    """
    columns = {"street_id": range(1, len(layer) + 1), "length_m": layer.length}
    return gpd.GeoDataFrame(columns, geometry=layer.geometry, crs=layer.crs)


def _geodanet_crimes(points: gpd.GeoDataFrame) -> pd.DataFrame:
    x, y = points.geometry.x.to_numpy(), points.geometry.y.to_numpy()
    lon, lat = project_points(x, y, GEODANET_CRS, "EPSG:4326")
    size = len(points)
    frame = pd.DataFrame({c: pd.Series([""] * size, dtype="str") for c in CRIME_COLUMNS})
    frame["crime_id"] = points["POLYID"].astype("int64").astype("str").to_numpy()
    frame["month"] = pd.Categorical([UNDATED_MONTH] * size, ordered=True)
    frame["crime_type"] = pd.Categorical(["Crime"] * size)
    frame["source"] = pd.Categorical(["geodanet/crimes.shp"] * size)
    for name, values in (("lon", lon), ("lat", lat), ("x", x), ("y", y)):
        frame[name] = values
    return validate_crimes(frame)
