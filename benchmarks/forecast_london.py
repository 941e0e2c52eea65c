"""All London's burglaries: every forecast model over three test origins, time and memory.

Run: python -m benchmarks.forecast_london [--trials 30] [--no-static]. Prints a table a model, with the difference of the winner
to each, the share that intervals held, and what it cost; processor time is printed beside the clock, since other work on the
machine stretches the clock only.
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time

import numpy as np
import pandas as pd

from benchmarks.shared import ABSENT, shared_uk
from patrol_core.risk.forecast import (
    Forecast,
    ForecastSettings,
    Panel,
    load,
    make_forecast,
    predict,
    save,
    ward_intervals,
)


def london() -> tuple[Panel, pd.DataFrame, np.ndarray, dict[str, str]] | None:
    """Burglaries by LSOA 2021 and month, covariates that no crime enters, areas, and the ward of each LSOA."""
    folder = shared_uk()
    if folder is None:
        return None
    census = pd.read_csv(folder / "census2021_london.csv", index_col="LSOA21CD")
    deprived = pd.read_csv(folder / "iod2025_london.csv", index_col="LSOA21CD").loc[census.index]
    rows = pd.read_parquet(folder / "london_burglary_monthly_lsoa21.parquet")
    months = sorted(rows["month"].unique())
    table = rows.pivot_table(index="lsoa_code", columns="month", values="count", aggfunc="sum", fill_value=0)
    values = table.reindex(census.index, fill_value=0)[months].to_numpy(dtype=float)
    panel = Panel(tuple(census.index), tuple(months), values, "burglaries")
    wards = pd.read_csv(folder / "lookup_lsoa21_ward24_lad24_london.csv", index_col="LSOA21CD")["WD24CD"]
    return panel, covariates(census, deprived), census["area_km2"].to_numpy(), wards.to_dict()


def covariates(census: pd.DataFrame, deprived: pd.DataFrame) -> pd.DataFrame:
    """Deprivation without its crime domain (which is made of crimes judged here), people and housing."""
    homes, people = census["households"], census["usual_residents"]
    social = [name for name in census if name.startswith("tenure_social_rented")]
    return pd.DataFrame(
        {
            "log_households": np.log(homes),
            "log_density": np.log(people / census["area_km2"]),
            "social_rented": census[social].sum(axis=1) / homes,
            "private_rented": census["tenure_private_rented_private_landlord_or_letting_agency"] / homes,
            "owned_outright": census["tenure_owned_owns_outright"] / homes,
            "detached": census["accom_detached"] / homes,
            "terraced": census["accom_terraced"] / homes,
            "flats": census["accom_in_a_purpose_built_block_of_flats_or_tenement"] / homes,
            "aged_16_to_24": census["age_aged_16_to_24_years"] / people,
            "managers": census["nssec_higher_managerial_admin_and_professional"]
            / census["nssec_all_usual_residents_aged_16"],
            "income_deprivation": deprived["Income_score"],
            "education_deprivation": deprived["Education_score"],
            "environment_deprivation": deprived["Environment_score"],
        }
    )


def table_of(made: Forecast) -> str:
    """Models by score, with the winner's lead over each."""
    columns = ["mae", "rmse", "r2", "pai", "mae_total", "rmse_total", "r2_total", "pai_total", "bias"]
    table = made.summary.set_index("model")[columns]
    best = table.loc[made.winner]
    table["winner: MAE %"] = 100 * (best["mae"] / table["mae"] - 1)
    table["winner: PAI %"] = 100 * (best["pai"] / table["pai"] - 1)
    return table.round(4).to_string()


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=0)
    parser.add_argument("--no-static", action="store_true", help="without covariates")
    asked = parser.parse_args()
    data = london()
    if data is None:
        print(f"skipped: {ABSENT}")
        return 0
    panel, static, area, wards = data
    used = None if asked.no_static else static
    print(
        f"{len(panel.zone_ids):,} zones x {len(panel.months)} months, {asked.trials} trials, load {os.getloadavg()[0]:.1f}"
    )
    clock, work = time.monotonic(), time.process_time()
    made = make_forecast(
        panel,
        static=used,
        area_km2=area,
        settings=ForecastSettings(trials=asked.trials),
        progress=lambda share, words: print(
            f"  {time.monotonic() - clock:6.1f} s {share:4.0%} {words}", file=sys.stderr
        ),
    )
    clock, work = time.monotonic() - clock, time.process_time() - work
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\n{table_of(made)}\n\n{made.winner_reason}\n\n{made.intervals.round(3).to_string()}")
    coverage = ward_intervals(made, wards)[1]
    print(f"\nwards inside their intervals: {coverage.loc[0, 'inside']:.3f}")
    with tempfile.TemporaryDirectory() as folder:
        save(made, folder)
        start, spent = time.monotonic(), time.process_time()
        again = predict(load(folder), panel, used)
        start, spent = time.monotonic() - start, time.process_time() - spent
    print(f"the kept model predicts the same: {bool((again == made.predicted).all())}")
    print(f"training and judging: {clock:.1f} s, {work:.1f} s of processor; peak memory {peak:,.0f} MB")
    print(f"load and predict 12 months: {start:.2f} s, {spent:.2f} s of processor")
    if len(made.trials):
        print(f"\n{made.trials.drop(columns='params').round(4).to_string()}\n{made.tree_settings}")
    for note in made.notes:
        print(f"- {note}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
