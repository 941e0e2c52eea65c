r"""Rules as linear rows: short ones over sums, which models take, and full ones over the zones, which proofs take.

An amount is linear in the coverage: coverage itself, or residual harm as a share of all unopposed harm (:class:`Harm`). A
rule writes each of its rows once, over these totals:

    ("C", g) and ("S", "")     coverage of a group's zones, and of all
    ("Pg", g) and ("P", "")    sum of relief_t x_t over a group's zones, and over all
    ("x", t)                   coverage of zone t
    ("X", (t, ...))            coverage of these zones

A mean difference needs one variable u_j a pair j, so its rows are not rows over x alone:

    pair row    D_j . x + const_j - u_j <= 0,     D_j . x + const_j = +- 2 pi_g pi_h (a_g / p_g - a_h / p_h)
    cap row     sum_j u_j - at_most A(x) <= 0

In a proof the u_j go: with multipliers y_j of pair rows and lambda of the cap, minimising over free u_j asks for
y_j(+) + y_j(-) = lambda. :func:`priced` takes the suggested y_j as they are and raises lambda to the largest of those sums:
then sum_j y_j (D_j . x) <= lambda sum_j |D_j . x| <= lambda at_most A(x) for every allowed x, whatever was suggested.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np

from patrol_core.arrays import Floats

Of = Literal["coverage", "residual"]

#: (position of the rule in the game, group or pair, "least" or "most"); the budget is rule -1.
RowKey = tuple[int, str, str]
BUDGET: RowKey = (-1, "", "most")

#: A sum that rules speak of (module docstring).
Total = tuple[str, str | int | tuple[int, ...]]


@dataclass(frozen=True, eq=False)
class Harm:
    """Residual harm of zone t, start_t - effect relief_t x_t, as a share of all unopposed harm."""

    start: Floats
    relief: Floats
    effect: float


@dataclass(frozen=True, eq=False)
class Line:
    """A row over totals: terms . totals <= limit (side "most") or >= limit (side "least").

    Attributes:
        terms, limit: Coefficients by total, and the right-hand side; infinite where the row says nothing.
        pair, pairs: The row takes off the variable of this pair (None: of no pair); it adds the variables of so
            many pairs.
    """

    terms: Mapping[Total, float]
    limit: float
    pair: int | None = None
    pairs: int = 0


@dataclass(frozen=True, eq=False)
class Row:
    """One coupling rule as coefficients . x <= limit."""

    coefficients: Floats
    limit: float


@dataclass(frozen=True, eq=False)
class PairRow(Row):
    """coefficients . x - u <= limit, u the variable of a pair."""

    cap: RowKey
    pair: int


@dataclass(frozen=True, eq=False)
class CapRow(Row):
    """sum of the rule's u + coefficients . x <= limit."""


def priced(
    rows: Mapping[RowKey, Row], multipliers: Mapping[RowKey, float], size: int
) -> tuple[Floats, float]:
    """(slope, constant) of sum_j y_j (a_j . x - b_j), which is <= 0 on every allowed x.

    Args:
        rows: Every coupling row of the game.
        multipliers: Suggested y_j; negative ones count as 0, and caps are raised as the module docstring says.
        size: n; in a curved game with rules on residual harm 2n, for the rows speak of (x, p) there.
    """
    slope, constant = np.zeros(size), 0.0
    load: dict[RowKey, dict[int, float]] = {}
    caps: dict[RowKey, float] = {}
    for key, suggested in multipliers.items():
        y = max(0.0, float(suggested))
        if not y > 0:
            continue
        row = rows[key]
        if isinstance(row, CapRow):
            caps[key] = y
            continue
        if isinstance(row, PairRow):
            pairs = load.setdefault(row.cap, {})
            pairs[row.pair] = pairs.get(row.pair, 0.0) + y
        slope[: row.coefficients.size] += y * row.coefficients
        constant -= y * row.limit
    for key, pairs in load.items():
        caps[key] = max(pairs.values())  # more than the pairs ask for would only weaken the proof
    for key, y in caps.items():
        if key in load:
            slope[: rows[key].coefficients.size] += y * rows[key].coefficients
            constant -= y * rows[key].limit
    return slope, constant


def excess(rows: Mapping[RowKey, Row], coverage: Floats) -> float:
    """Largest violation over the rows of any coverage (and shares prevented), each in its own scale."""
    worst, spread = 0.0, dict[RowKey, dict[int, float]]()
    for row in rows.values():
        over = float(row.coefficients @ coverage[: row.coefficients.size]) - row.limit
        if isinstance(row, PairRow):
            pairs = spread.setdefault(row.cap, {})
            pairs[row.pair] = max(pairs.get(row.pair, 0.0), over)
        elif not isinstance(row, CapRow):
            worst = max(worst, over)
    for key, pairs in spread.items():
        cap = rows[key]
        worst = max(
            worst,
            sum(pairs.values()) + float(cap.coefficients @ coverage[: cap.coefficients.size]) - cap.limit,
        )
    return worst
