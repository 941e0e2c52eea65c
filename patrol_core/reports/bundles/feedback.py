"""Files of the feedback loop check: figures of every recipe, their course, and the zones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import pandas as pd

from patrol_core.evaluation import FEEDBACK_FIGURES, Feedback
from patrol_core.planning import Prepared
from patrol_core.reports.csv import to_csv_bytes
from patrol_core.reports.plain import to_json_bytes

_SHARE = "% of patrol"
_UNITS = dict.fromkeys(("drift", "drift_low", "drift_high", "misplaced", "started_share"), _SHARE)


def feedback_files(found: Feedback, prepared: Prepared, *, even_found: bool) -> Mapping[str, bytes]:
    """Content of ``feedback.csv``, ``feedback_course.csv``, ``feedback_zones.csv`` and ``summary.json`` by name.

    Args:
        found, prepared: What was simulated, and the plan's zones.
        even_found: Whether crime found by patrols was taken to lie evenly over residents.
    """
    ends = {f"{name}_{end}": _SHARE for name in ("misplaced", "started_share") for end in ("low", "high")}
    names = prepared.zones["name"].astype(str)
    zones = pd.DataFrame(
        {
            "zone_id": list(found.zone_ids),
            "name": [str(names[zone]) for zone in found.zone_ids],
            **found.coverage,
        }
    )
    return {
        "feedback.csv": to_csv_bytes(found.summary, _UNITS | ends | {"drift_removed": "%"}),
        "feedback_course.csv": to_csv_bytes(found.course),
        "feedback_zones.csv": to_csv_bytes(zones, dict.fromkeys(found.coverage, "units at once")),
        "summary.json": to_json_bytes(feedback_summary(found, prepared, even_found=even_found)),
    }


def feedback_summary(found: Feedback, prepared: Prepared, *, even_found: bool) -> dict[str, Any]:
    """Parameters, figures by recipe, and where the data are from, as plain values.

    Args:
        found, prepared: What was simulated, and the plan's zones.
        even_found: Whether crime found by patrols was taken to lie evenly over residents.
    """
    figures = ("drift", "drift_low", "drift_high", "drift_removed", *FEEDBACK_FIGURES)
    rows = found.summary.set_index("recipe")[list(figures)]
    return {
        "data": {
            "name": prepared.data.name,
            "kind": str(prepared.data.kind),
            "hash": prepared.data.content_hash,
            "findings": [noticed.as_dict() for noticed in prepared.findings],
        },
        "parameters": asdict(found.detection) | asdict(found.rounds) | {"even_found": even_found},
        "assumed": {"effectiveness": found.game.effectiveness, "response": found.game.response},
        "figures": dict(FEEDBACK_FIGURES)
        | {
            "drift": "% of patrol that the loop has moved by the last quarter of the rounds",
            "drift_removed": "% of the drift of all records that the recipe removes",
        },
        "recipes": {str(recipe): row.to_dict() for recipe, row in rows.iterrows()},
        "notes": list(found.notes),
    }
