"""Which covariates a static score takes, and why some are left out.

The default set is made by a rule and not by looking at crime: of each theme below the first column there is, in the order of the
patterns. Deprivation is the **Income** domain where there is one, for the overall index contains recorded crime (9.3 % of its
weight) and would explain crime by crime. Ethnic group, religion and disability are never taken by default: they are protected
characteristics, and a score that rose with them would steer patrols by them. A column that holds crime is never taken by default.
"""

from __future__ import annotations

from patrol_core.arrays import Floats

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from patrol_core.errors import InputError
from patrol_core.words import first_few


#: Theme -> patterns of plain names in order of preference; the first column that matches one is taken.
THEMES: Mapping[str, tuple[str, ...]] = {
    "deprivation": (
        r"income_score(?:_rate)?|income_domain_score.*|share_income_domain_numerator",
        r"income_(?:rank|decile).*",
        r"income|household_income|.*(?:median|mean|average)_(?:household_)?income.*",
        r"deprivation_score",
        r"imd_?score|index_of_multiple_deprivation_imd_score.*",
        r"imd_?(?:rank|decile).*|index_of_multiple_deprivation_imd_(?:rank|decile).*",
    ),
    "child poverty": (r".*child(?:ren)?_(?:in_)?(?:poverty|low_income).*(?:rate|share|percent|pct|proportion).*", r".*child_poverty.*"),
    "young adults": (r"share_age.*(?:15|16|18)_to_24.*|share_aged_(?:15|16)_24", r"share_age_1[568]_24"),
    "older residents": (r"share_age.*65.*over.*|share_aged_65_over",),
    "crowding": (r"residents_per_km2", r"mid_20\d\d_people_per_sq_km|.*(?:people|persons|residents)_per_(?:sq_)?km2?"),
    "social rented": (r"share_(?:tenure_)?social_rented", r"share_tenure_social.*"),
    "private rented": (r"share_(?:tenure_)?private_rented", r"share_tenure_private.*"),
    "flats": (r"share_accom.*purpose_built.*", r"share_accom(?:modation)?_flats?.*"),
    "house price": (r".*(?:house|property)_price.*|.*median_price.*|.*house_value.*|.*price_paid.*",),
}  # fmt: skip
_CRIME = re.compile(
    r"(?:.*_)?(?:crime|burglary|burglaries|theft|robbery|violence|stalking|criminal|offences?|anti_social|public_order|weapons)(?:_.*)?"
)
_OVERALL = re.compile(
    r"imd_?(?:score|rank|decile|quintile).*|index_of_multiple_deprivation.*|deprivation_(?:rank|quintile)"
)
_PROTECTED = re.compile(r"(?:share_)?(?:ethnic|religion|disab|asian|black|mixed|other|white)(?:_.*)?|disab.*")

#: A column whose part outside the columns before it is less than this share of its spread says nothing new.
COLLINEAR = 1e-6


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A column or zone that is not in a model, and why in words."""

    name: str
    why: str


def default_columns(covariates: pd.DataFrame) -> tuple[str, ...]:
    """The default set: one column a theme of :data:`THEMES`, where there is one that varies; crime is left out."""
    usable = [
        str(c)
        for c in covariates.columns
        if not _CRIME.fullmatch(str(c)) and covariates[c].nunique() > 1 and covariates[c].notna().mean() > 0.5
    ]
    found: list[str] = []
    for patterns in THEMES.values():
        hits = (sorted(c for c in usable if re.fullmatch(p, c)) for p in patterns)
        first = next((h for h in hits if h), None)
        if first is not None and first[-1] not in found:
            found.append(first[-1])  # of several years the latest
    return tuple(found)


def caution(column: str) -> str:
    """What to know before a column is taken, as a sentence; "" if nothing."""
    if _CRIME.fullmatch(column):
        return f"{column} is itself recorded crime: explaining crime by it is circular."
    if _OVERALL.fullmatch(column):
        return f"{column} is the overall index, which holds recorded crime (9.3 %): partly circular; the Income domain is not."
    if _PROTECTED.fullmatch(column):
        return f"{column} describes a protected characteristic: look at it to check for bias, do not steer patrols by it."
    return ""


def chosen_columns(covariates: pd.DataFrame, columns: Sequence[str] | None) -> tuple[str, ...]:
    """Columns asked for, or the default set.

    Raises:
        InputError: When one is not in the data, one is named twice, or none is left.
    """
    if columns is None:
        found = default_columns(covariates)
        if not found:
            raise InputError(
                f"No covariate of the data is one of the default set ({', '.join(THEMES)}); choose columns by name: "
                f"{', '.join(map(str, covariates.columns[:6]))}."
            )
        return found
    known = set(map(str, covariates.columns))
    unknown = [c for c in columns if c not in known]
    if unknown:
        raise InputError(
            f"The data have no covariate {unknown[0]!r}; choose from {', '.join(sorted(known)[:12])}"
            f"{' …' if len(known) > 12 else ''}."
        )
    if len(set(columns)) < len(columns) or not columns:
        raise InputError("A static score needs at least one covariate, each named once.")
    return tuple(columns)


def independent(values: pd.DataFrame) -> tuple[tuple[str, ...], list[LeftOut]]:
    """Columns that vary and say something the ones before do not; the others with the reason.

    Args:
        values: Zones x columns, all known.
    """
    kept: list[str] = []
    out: list[LeftOut] = []
    basis: list[Floats] = []
    for column in map(str, values.columns):
        x = values[column].to_numpy(dtype=float)
        spread = x.std()
        if not spread > 1e-12 * max(1.0, float(np.abs(x).max(initial=0.0))):
            out.append(LeftOut(column, "it is the same in all zones"))
            continue
        rest = (x - x.mean()) / (spread * np.sqrt(len(x)))
        for direction in basis * 2:  # twice, for rounding
            rest = rest - (direction @ rest) * direction
        size = float(np.linalg.norm(rest))
        if size < COLLINEAR:
            out.append(LeftOut(column, f"it follows exactly from {first_few(kept, 4, rest=' and others')}"))
            continue
        kept.append(column)
        basis.append(rest / size)
    return tuple(kept), out


def variance_inflation(values: pd.DataFrame) -> dict[str, float]:
    """Variance inflation factor of every column: 1 / (1 - R2) of its regression on the others, 1 for a single one."""
    z = values.to_numpy(dtype=float)
    if z.shape[1] == 1:
        return {str(values.columns[0]): 1.0}
    inverse = np.linalg.inv(np.corrcoef(z, rowvar=False))
    return {str(c): float(v) for c, v in zip(values.columns, np.diag(inverse), strict=True)}


def below_vif(values: pd.DataFrame, limit: float) -> tuple[tuple[str, ...], list[LeftOut]]:
    """Take out the column with the largest factor until none is above ``limit`` (at least 1)."""
    if not limit >= 1:
        raise InputError(
            f"The limit of the variance inflation factor is {limit!r}; accepted is a number >= 1."
        )
    kept, out = [str(c) for c in values.columns], []
    while len(kept) > 1:
        factors = variance_inflation(values[kept])
        worst = max(kept, key=factors.__getitem__)
        if factors[worst] <= limit:
            break
        out.append(LeftOut(worst, f"its variance inflation factor was {factors[worst]:.1f}, above {limit:g}"))
        kept.remove(worst)
    return tuple(kept), out
