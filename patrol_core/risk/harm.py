"""Harm weights per police.uk crime type: what one recorded crime counts for.

Published weights belong to Home Office offences, police.uk publishes fourteen categories, so every table
here is a roll-up. Where the roll-up gives a range or a list, ONE documented value is used (``notes`` says
which). Weights are sentencing proxies for England and Wales; the ranking of zones moves between tables, so
compare them.

Sources:
    * Sherman, Neyroud and Neyroud (2016), "The Cambridge Crime Harm Index", Policing 10(3), 171-183; values of
      the 2026 update of the Cambridge Centre for Evidence-Based Policing (cambridge-ebp.co.uk/chi), per Home
      Office subgroup, taken from a public project's summary of the workbook.
    * Office for National Statistics (2016), "Developing a Crime Severity Score for England and Wales", and its
      data tool; offence weights as copied by a public project (vintage of the tool not verified).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from patrol_core.errors import InputError

#: Offence types recorded mainly because police were there.
PATROL_GENERATED: tuple[str, ...] = ("Drugs", "Possession of weapons")
PATROL_GENERATED_REASON = (
    "Drugs and weapons possession are recorded mainly where police stop and search, so counting them sends "
    "patrols back to where patrols have been. They are left out of the risk unless you choose them or turn "
    "the switch on."
)
#: Names police.uk used before May 2013, and what they are weighted as.
FORMER_NAMES: Mapping[str, str] = MappingProxyType(
    {"Violent crime": "Violence and sexual offences", "Public disorder and weapons": "Public order"}
)


@dataclass(frozen=True, slots=True)
class HarmTable:
    """Weights of one harm measure.

    Attributes:
        key, label: Name for programs and for people.
        unit: What one unit of weighted crime is, e.g. ``harm days``.
        source: Where the weights come from.
        weights: police.uk display name -> weight (>= 0).
        notes: Conventions a reader must know, one sentence each.
        default: Weight of a type the table does not name; None means such a type is an error.
    """

    key: str
    label: str
    unit: str
    source: str
    weights: Mapping[str, float]
    notes: tuple[str, ...] = ()
    default: float | None = None

    def weights_of(self, crime_types: Iterable[str]) -> np.ndarray:
        """Weights in the order of ``crime_types``.

        Raises:
            InputError: If the table has no weight for a type.
        """
        return np.array([self._weight(str(name)) for name in crime_types], dtype=float)

    def _weight(self, crime_type: str) -> float:
        known = self.weights.get(FORMER_NAMES.get(crime_type, crime_type), self.default)
        if known is None:
            raise InputError(
                f"{self.label} has no weight for the crime type {crime_type!r}; leave that type out "
                "or weight by count."
            )
        return known


def _table(
    key: str, label: str, unit: str, source: str, notes: tuple[str, ...], weights: dict[str, float]
) -> HarmTable:
    return HarmTable(key, label, unit, source, MappingProxyType(weights), notes)


_COUNT = HarmTable(
    key="count",
    label="Count",
    unit="crimes",
    source="Every recorded crime counts once.",
    weights=MappingProxyType({}),
    notes=("A shoplifting counts as much as a robbery.",),
    default=1.0,
)
_CCHI = _table(
    "cchi",
    "Cambridge Crime Harm Index",
    "harm days",
    "Cambridge Centre for Evidence-Based Policing, 2026 update; roll-up to police.uk categories weighted by "
    "the offence mix of police recorded crime 2024/25.",
    (
        "One unit is one day of the starting-point sentence of a first offender.",
        (
            "Where the roll-up ranges over forces, the midpoint is used: violence 159 to 235, burglary 191 "
            "to 253, criminal damage and arson 4.9 to 18.2, drugs 3.3 to 4.0."
        ),
        "Medians within Home Office subgroups are used; means would raise violence by 2.6 to 44 times.",
        "The index has no value for anti-social behaviour; 1 day is a convention of this program.",
        "The index proper leaves out offences that police discover (drugs, weapons, shop-detective theft).",
    ),
    {
        "Anti-social behaviour": 1.0,
        "Bicycle theft": 2.0,
        "Burglary": (191 + 253) / 2,
        "Criminal damage and arson": (4.9 + 18.2) / 2,
        "Drugs": (3.3 + 4.0) / 2,
        "Other crime": 10.0,
        "Other theft": 2.0,
        "Possession of weapons": 273.75,
        "Public order": 7.5,
        "Robbery": 365.0,
        "Shoplifting": 1.0,
        "Theft from the person": 2.0,
        "Vehicle crime": 5.0,
        "Violence and sexual offences": (159 + 235) / 2,
    },
)
_ONS = _table(
    "ons-css",
    "ONS Crime Severity Score",
    "severity points",
    "Office for National Statistics, Crime Severity Score data tool (vintage not verified), unweighted "
    "median of the offence weights within each police.uk category.",
    (
        "Points follow the sentences that offenders received.",
        (
            "The median over offences is used, each offence counted once however rare: violence (median 709 "
            "of 83 weights from 9 to 7,979) and public order (365) are high against their usual mix."
        ),
        (
            "The score has no weight for anti-social behaviour, which is not notifiable; 1 point is a "
            "convention of this program."
        ),
    ),
    {
        "Anti-social behaviour": 1.0,
        "Bicycle theft": 10.0,
        "Burglary": 438.0,
        "Criminal damage and arson": 19.0,
        "Drugs": 9.0,
        "Other crime": 123.2,
        "Other theft": 33.0,
        "Possession of weapons": 75.0,
        "Public order": 365.0,
        "Robbery": 746.0,
        "Shoplifting": 13.0,
        "Theft from the person": 86.0,
        "Vehicle crime": 26.5,
        "Violence and sexual offences": 709.3,
    },
)

#: The measures there are, by key; ``count`` is the default of the program.
WEIGHTS: Mapping[str, HarmTable] = MappingProxyType({table.key: table for table in (_COUNT, _CCHI, _ONS)})


def crime_types_in_risk(
    all_types: Iterable[str], *, chosen: Sequence[str] = (), include_patrol_generated: bool = False
) -> tuple[str, ...]:
    """Crime types that make the risk, in the order of ``all_types``.

    Args:
        all_types: Types in the data.
        chosen: Types the user named. They are taken as named, patrol-generated or not. Empty: all types except
            :data:`PATROL_GENERATED`.
        include_patrol_generated: The switch: with no types named, keep the patrol-generated ones too.

    Raises:
        InputError: If a chosen type is not in the data, or no type is left.
    """
    present = tuple(dict.fromkeys(str(name) for name in all_types))
    unknown = [name for name in chosen if name not in present]
    if unknown:
        raise InputError(
            f"The data have no crime type {unknown[0]!r}; choose from "
            f"{', '.join(present) or 'none (the data are empty)'}."
        )
    if chosen:
        return tuple(name for name in present if name in set(chosen))
    kept = tuple(name for name in present if include_patrol_generated or name not in PATROL_GENERATED)
    if not kept:
        raise InputError(
            f"No crime type is left for the risk: the data hold only {', '.join(present) or 'no rows'}. "
            "Turn on the offences found by patrols, or load other data."
        )
    return kept
