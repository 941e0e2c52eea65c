"""Write the generated city: ``python -m patrol_core.sources.sample.generator [--out FOLDER] [--seed N]``.

Four zstd Parquet files: ``zones`` (GeoParquet, EPSG:27700), ``points`` (snap points), ``crimes``
(one row per crime: month, type, snap point, outcome, all as codes) and ``covariates`` (deprivation and housing). :mod:`patrol_core.sources.sample.city` reads
them. The same seed gives the same content.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyproj import Transformer

from patrol_core.settings import settings
from patrol_core.sources.sample.crimes import (
    MONTHS,
    OUTCOMES,
    TYPES,
    CrimeRows,
    draw_crimes,
    points_per_zone,
    zone_shares,
)
from patrol_core.sources.sample.geometry import ZONES, GroundPlan, draw_plan, draw_snap_points

SEED = 20_231_201
HOUSING = 4
"""Stream of the random numbers of housing, apart from those of zones and crimes."""
POPULATION = 204_000
ETHNIC_GROUPS = ("ethnic_asian", "ethnic_black", "ethnic_mixed", "ethnic_other", "ethnic_white")
BANDS = ("low third", "middle third", "high third")
_ETHNIC_MIX = np.array([0.17, 0.09, 0.07, 0.12, 0.55])
_AGE_MIX = np.array([0.15, 0.72, 0.13])
AGE_GROUPS = ("age_0_to_15", "age_16_to_64", "age_65_and_over")


@dataclass(frozen=True, eq=False)
class GeneratedCity:
    """The four tables of the generated city, as written to and read from ``data/sample``."""

    zones: gpd.GeoDataFrame
    points: pd.DataFrame
    crimes: pa.Table
    covariates: pd.DataFrame


def generate(seed: int = SEED) -> GeneratedCity:
    """Generate the city from a seed; the same seed gives the same city."""
    rng = np.random.default_rng(seed)
    plan = draw_plan(rng)
    shares, _ = zone_shares(rng, plan)
    zones = _zones(rng, plan, shares)
    points = draw_snap_points(rng, plan, points_per_zone(shares))
    rows = draw_crimes(rng, shares, points["zone"])
    housing = _covariates(np.random.default_rng([seed, HOUSING]), zones)
    return GeneratedCity(zones, _points_table(points), _crimes_table(rows), housing)


def write(city: GeneratedCity, folder: Path) -> dict[str, int]:
    """Write the four files; returns their sizes in bytes by name."""
    folder.mkdir(parents=True, exist_ok=True)
    city.zones.to_parquet(folder / "zones.parquet", compression="zstd", index=True)
    points = pa.Table.from_pandas(city.points, preserve_index=False)
    pq.write_table(points, folder / "points.parquet", compression="zstd", compression_level=19)
    pq.write_table(city.crimes, folder / "crimes.parquet", compression="zstd", compression_level=19)
    city.covariates.to_parquet(folder / "covariates.parquet", compression="zstd", index=True)
    return {p.name: p.stat().st_size for p in sorted(folder.glob("*.parquet"))}


def _zones(rng: np.random.Generator, plan: GroundPlan, shares: np.ndarray) -> gpd.GeoDataFrame:
    """Zones with people: residents, households, deprivation, ethnicity, age."""
    middles = np.array([[p.centroid.x, p.centroid.y] for p in plan.polygons])
    households, residents = _people(rng)
    deprivation = _unrelated(_field(rng, middles) + rng.normal(0, 0.35, ZONES), shares)
    rank = np.argsort(np.argsort(-deprivation, kind="stable"))
    white = 0.6 * _field(rng, middles) - 0.45 * deprivation
    ethnic = _split(rng, residents, _ETHNIC_MIX, white, 0.45)
    beyond = 1 - ethnic[:, -1] / residents
    third = np.argsort(np.argsort(beyond, kind="stable")) * 3 // ZONES
    age = _split(rng, residents, _AGE_MIX, _field(rng, middles), 0.15)
    columns: dict[str, object] = {
        "name": plan.names,
        "ward": plan.wards,
        "population": residents.astype(float),
        "households": households,
        "deprivation_score": np.round(22 * np.exp(0.35 * deprivation), 2),
        "deprivation_quintile": [str(5 * r // ZONES + 1) for r in rank],
        "ethnic_minority_band": [BANDS[t] for t in third],
    }
    columns |= dict(zip(ETHNIC_GROUPS, ethnic.T, strict=True)) | dict(zip(AGE_GROUPS, age.T, strict=True))
    index = pd.Index(plan.codes, name="zone_id")
    return gpd.GeoDataFrame(columns, geometry=list(plan.polygons), index=index, crs="EPSG:27700")


def _covariates(rng: np.random.Generator, zones: gpd.GeoDataFrame) -> pd.DataFrame:
    """Income, housing and child poverty that go with the zones' deprivation, and not otherwise with crime."""
    deprivation = np.log(zones["deprivation_score"].to_numpy(dtype=float) / 22) / 0.35
    middles = np.array([[p.centroid.x, p.centroid.y] for p in zones.geometry])
    centre = _field(rng, middles)
    households = zones["households"].to_numpy(dtype=float)

    def noise(size: float) -> np.ndarray:
        return np.asarray(rng.normal(0, size, ZONES))

    def share(at: float, slope: np.ndarray) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(-(np.log(at / (1 - at)) + slope))))

    tenure = np.stack([0.6 * deprivation + noise(0.4), 0.5 * centre + noise(0.3), -0.3 * deprivation], axis=1)
    tenure = np.array([0.25, 0.42, 0.33]) * np.exp(tenure)
    social, private, _ = np.round(tenure / tenure.sum(axis=1, keepdims=True) * households[:, None]).T
    flats = np.round(households * share(0.7, 0.8 * centre + noise(0.4)))
    columns = {
        "income_score": np.round(share(0.14, 0.5 * deprivation + noise(0.12)), 3),
        "child_poverty_rate": np.round(share(0.22, 0.45 * deprivation + noise(0.2)), 3),
        "tenure_social_rented": social,
        "tenure_private_rented": private,
        "tenure_owned": households - social - private,
        "accommodation_flat": flats,
        "accommodation_house": households - flats,
        "median_house_price": np.round(620_000 * np.exp(-0.18 * deprivation + 0.2 * centre + noise(0.1)), -3),
    }
    return pd.DataFrame(columns, index=zones.index)


def _people(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Households (400 to 1,200) and residents (1,000 to 3,000; ``POPULATION`` in all) of each zone."""
    households = np.clip(np.round(rng.normal(740, 150, ZONES)), 400, 1200).astype(int)
    residents = np.clip(households * rng.normal(2.15, 0.30, ZONES), 1010, 2950)
    residents = np.clip(np.round(residents * POPULATION / residents.sum()), 1000, 3000).astype(int)
    residents[int(np.argsort(residents)[ZONES // 2])] += POPULATION - residents.sum()
    return households, residents


def _field(rng: np.random.Generator, middles: np.ndarray) -> np.ndarray:
    """A smooth random surface at the zones (mean 0, variance 1), correlated over about 700 m."""
    gap = np.hypot(*(middles[:, None, :] - middles[None]).T)
    smooth = np.exp(-((gap / 700.0) ** 2)) @ rng.normal(0, 1, ZONES)
    field: np.ndarray = (smooth - smooth.mean()) / smooth.std()
    return field


def _unrelated(values: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Take out of ``values`` what goes with the rank of crime, as published: rank correlation about 0."""
    rank = np.argsort(np.argsort(shares)) / (ZONES - 1) - 0.5
    for _ in range(5):
        own = np.argsort(np.argsort(values)) / (ZONES - 1) - 0.5
        values = values - (own @ rank) / (rank @ rank) * values.std() * 3.4 * rank
    left: np.ndarray = (values - values.mean()) / values.std()
    return left


def _split(
    rng: np.random.Generator, residents: np.ndarray, mix: np.ndarray, field: np.ndarray, noise: float
) -> np.ndarray:
    """Residents by group, whole people; the last group's share rises with ``field``."""
    logit = np.log(mix) + rng.normal(0, noise, (ZONES, len(mix)))
    logit[:, -1] += 0.45 * field
    share = np.exp(logit) / np.exp(logit).sum(axis=1, keepdims=True)
    people = np.floor(share * residents[:, None]).astype(int)
    people[:, -1] += residents - people.sum(axis=1)
    return np.asarray(people)


def _points_table(points: dict[str, np.ndarray]) -> pd.DataFrame:
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    lon, lat = to_degrees.transform(points["x"], points["y"])
    return pd.DataFrame(
        {
            "zone": points["zone"].astype("int16"),
            "x": points["x"].astype("int32"),
            "y": points["y"].astype("int32"),
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "location": points["location"],
        }
    )


def _crimes_table(rows: CrimeRows) -> pa.Table:
    """Codes with their words: month, type and outcome as dictionaries, the point as a row of ``points``."""

    def coded(codes: np.ndarray, words: tuple[str, ...]) -> pa.Array:
        return pa.DictionaryArray.from_arrays(pa.array(codes.astype("int8")), pa.array(words))

    point = pa.array(rows.point.astype("int16"), mask=rows.point < 0)
    return pa.table(
        {
            "month": coded(rows.month, MONTHS),
            "crime_type": coded(rows.crime_type, TYPES),
            "point": point,
            "outcome": coded(rows.outcome, OUTCOMES),
        }
    )


def main(arguments: list[str] | None = None) -> int:
    """Entry of the script."""
    parser = argparse.ArgumentParser(description="Rewrite the generated sample city.")
    parser.add_argument("--out", type=Path, default=settings().data_dir / "sample", help="folder to write to")
    parser.add_argument("--seed", type=int, default=SEED, help=f"seed of the generator (default {SEED})")
    chosen = parser.parse_args(arguments)
    for name, size in write(generate(chosen.seed), chosen.out).items():
        sys.stderr.write(f"{name}: {size:,} bytes\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
