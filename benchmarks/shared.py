"""Real files beside the checkout, cut to what a user would upload; a reason instead where they are absent."""

from __future__ import annotations

import os
from pathlib import Path

import pandas as pd

from benchmarks.stand import ROOT

ABSENT = "real UK data not present (set PATROL_SHARED_DATA to its folder)"


def shared_uk() -> Path | None:
    """Folder of the real UK files, if it is there."""
    named = os.environ.get("PATROL_SHARED_DATA")
    folder = (Path(named) if named else ROOT.parent / "shared" / "data") / "uk"
    return folder if folder.is_dir() else None


def westminster_csv(folder: Path) -> Path | str:
    """Westminster's 159,378 rows of 30 months as one CSV in police.uk's columns."""
    source = shared_uk()
    return ABSENT if source is None else _as_csv(source / "westminster_street.parquet", folder)


def westminster_zones() -> Path:
    source = shared_uk()
    assert source is not None
    return source / "westminster_lsoa_2011.geojson"


def london_upload(folder: Path) -> tuple[Path, Path] | str:
    """Three years of the Metropolitan Police's burglaries as a CSV, and London's 4,994 small areas."""
    source = shared_uk()
    if source is None:
        return ABSENT
    crimes = _as_csv(source / "metropolitan_burglary_street_2022-03_2025-02.parquet", folder)
    return crimes, source / "london_lsoa_2021.gpkg"


def _as_csv(parquet: Path, folder: Path) -> Path:
    target = folder / f"{parquet.stem}.csv"
    pd.read_parquet(parquet).to_csv(target, index=False)
    return target
