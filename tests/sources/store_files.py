"""police.uk files made for tests of the store."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

from patrol_core.sources.archive.table import OUTCOME_COLUMNS, STREET_COLUMNS

MET, CITY, BTP = "Metropolitan Police Service", "City of London Police", "British Transport Police"
SLUGS = {MET: "metropolitan", CITY: "city-of-london", BTP: "btp"}


def street_row(crime_id="", month="2024-01", **changes):
    row = {
        "Crime ID": crime_id,
        "Month": month,
        "Reported by": MET,
        "Falls within": MET,
        "Longitude": "-0.130000",
        "Latitude": "51.510000",
        "Location": "On or near High Street",
        "LSOA code": "E01004736",
        "LSOA name": "Westminster 018C",
        "Crime type": "Burglary" if crime_id else "Anti-social behaviour",
        "Last outcome category": "Under investigation" if crime_id else "",
        "Context": "",
    }
    return row | {k.replace("_", " "): v for k, v in changes.items()}


def outcome_row(crime_id, month, outcome, **changes):
    row = {k: v for k, v in street_row(crime_id, month).items() if k in OUTCOME_COLUMNS}
    return row | {"Outcome type": outcome} | {k.replace("_", " "): v for k, v in changes.items()}


def csv_of(rows, columns=STREET_COLUMNS) -> bytes:
    lines = [",".join(columns), *(",".join(row[c] for c in columns) for row in rows)]
    return ("\n".join(lines) + "\n").encode()


def street(month, rows, force=MET):
    """Name in an archive, and bytes, of one force's month."""
    rows = [r | {"Month": month, "Reported by": force, "Falls within": force} for r in rows]
    return f"{month}/{month}-{SLUGS[force]}-street.csv", csv_of(rows)


def outcomes(month, rows, force=MET):
    return f"{month}/{month}-{SLUGS[force]}-outcomes.csv", csv_of(rows, OUTCOME_COLUMNS)


def zip_of(*entries, stamp=(2024, 6, 5, 0, 0, 0)) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries:
            archive.writestr(zipfile.ZipInfo(name, stamp), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path


def some_rows(count, mark, month="2024-01"):
    """Rows with IDs and every fourth without, at a few points in Westminster."""
    return [
        street_row(
            "" if i % 4 == 3 else f"{mark}{month}{i:05d}".replace("-", "").ljust(64, "0"),
            month,
            Longitude=f"{-0.13 - 0.001 * (i % 7):.6f}",
            Latitude=f"{51.51 + 0.001 * (i % 5):.6f}",
        )
        for i in range(count)
    ]
