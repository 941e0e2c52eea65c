"""The files of scenarios side by side, and all of them in one zip."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence

import pandas as pd

from patrol_core.evaluation import Standing, cautions, figures_beside, part_changes, zone_changes
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.scenario import ScenarioDocument, differing_choices, scenarios_bytes

EPOCH = (1980, 1, 1, 0, 0, 0)
"""Date of everything in the zip, so that the same scenarios make the same bytes."""


def side_by_side_files(
    documents: Sequence[ScenarioDocument], standings: Mapping[str, Standing], reference: str
) -> dict[str, bytes]:
    """``figures.csv``, ``zones.csv``, ``parts.csv``, ``choices.csv``, ``cautions.csv`` and ``scenarios.json``.

    Args:
        documents: The scenarios, in their order.
        standings: How each stands, by its name.
        reference: Name of the one that the others are measured against.
    """
    base = standings[reference]
    others = {name: one for name, one in standings.items() if name != reference}
    zones = [zone_changes(base, one).assign(scenario=name) for name, one in others.items()]
    parts = [part_changes(base, one).assign(scenario=name) for name, one in others.items()]
    said = [
        {"reference": reference, "scenario": name, "caution": text}
        for name, one in others.items()
        for text in cautions((reference, name), base, one)
    ]
    choices = differing_choices({one.name: one.scenario for one in documents})
    tables = {
        "figures.csv": figures_beside(standings, reference).assign(reference=reference),
        "zones.csv": _stacked(zones).assign(reference=reference),
        "parts.csv": _stacked(parts).assign(reference=reference),
        "choices.csv": pd.DataFrame(choices, columns=["choice", *standings]),
        "cautions.csv": pd.DataFrame(said, columns=["reference", "scenario", "caution"]),
    }
    files = {name: to_csv_bytes(table) for name, table in tables.items()}
    return {**files, "scenarios.json": scenarios_bytes(documents)}


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    known = [table for table in tables if not table.empty]
    return pd.concat(known, ignore_index=True) if known else tables[0]


def zip_of(files: Mapping[str, bytes]) -> bytes:
    """All files in one zip; the same files make the same bytes."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name, EPOCH), content, zipfile.ZIP_DEFLATED)
    return packed.getvalue()
