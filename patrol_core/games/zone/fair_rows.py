r"""Coupling rows of the fairness rules, as numbers: for models, for proofs, and for checks outside any model.

An amount is linear in the coverage, A_t(x) = c_t + s_t x_t: coverage itself (0, 1), or residual harm as a share of all
unopposed harm. A *unit* is a group (or, between zones, one zone) with its share of the people p.

A mean difference needs one variable u_j a pair j, so its rows are not rows over x alone:

    pair row    D_j . x + const_j - u_j <= 0,     D_j . x + const_j = +- 2 pi_g pi_h (a_g / p_g - a_h / p_h)
    cap row     sum_j u_j - at_most A(x) <= 0

In a proof the u_j go: with multipliers y_j of pair rows and lambda of the cap, minimising over free u_j asks for
y_j(+) + y_j(-) = lambda. :func:`priced` takes the suggested y_j as they are and raises lambda to the largest of those sums:
then sum_j y_j (D_j . x) <= lambda sum_j |D_j . x| <= lambda at_most A(x) for every allowed x, whatever was suggested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.games.rules import MaxMin, MaxMinShare, MeanDifference, Of

if TYPE_CHECKING:
    from patrol_core.games.zone.solve import ZoneGame


#: Levels are loosened by this share: at the extreme itself rounding would decide whether a plan is left.
_SLACK = 1e-9

#: (position of the rule in the game, group or pair, "least" or "most"); the budget is rule -1.
RowKey = tuple[int, str, str]

#: (c, s) of the amounts A_t = c_t + s_t x_t.
Amounts = tuple[Floats, Floats]


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


@dataclass(frozen=True, eq=False)
class Unit:
    """A group or zone of a mean difference: its zones, pi, and p."""

    members: NDArray[np.intp]
    weight: float
    share: float


def amounts(game: ZoneGame, of: Of) -> Amounts:
    """(c, s) at the values that the game's rules are measured by."""
    if of == "coverage":
        return np.zeros(game.size), np.ones(game.size)
    share = game.rule_values / (game.rule_values.sum() or 1.0)
    return share, -game.effectiveness * share


def units(game: ZoneGame, rule: MeanDifference) -> list[Unit]:
    """What a mean difference compares."""
    assert game.population is not None  # checked at the door
    if rule.between == "zones":
        people = game.population / game.population.sum()
        return [Unit(np.array([t]), float(people[t]), float(people[t])) for t in np.flatnonzero(people > 0)]
    shares = [game.population_share(group) for group in game.groups]
    whole = sum(shares)
    return [
        Unit(game.members(group), share / whole, share)
        for group, share in zip(game.groups, shares, strict=True)
    ]


def mean_difference(game: ZoneGame, rule: MeanDifference, amount: Floats) -> float:
    """sum_g sum_h pi_g pi_h |a_g / p_g - a_h / p_h| from (n,) amounts, by sorting: no model shares this."""
    given = units(game, rule)
    rates = np.array([float(amount[u.members].sum()) / u.share for u in given])
    weights = np.array([u.weight for u in given])
    order = np.argsort(rates, kind="stable")
    p, r = weights[order], rates[order]
    below = np.cumsum(p) - p
    return max(0.0, float(2.0 * (p * r * (2.0 * below + p - p.sum())).sum()))


def pair_parts(given: Sequence[Unit]) -> list[tuple[int, int, float, float]]:
    """(g, h, factor of a_g, factor of a_h) of every pair: 2 pi_g pi_h (a_g / p_g - a_h / p_h)."""
    return [
        (g, h, 2 * given[g].weight * given[h].weight / given[g].share,
         2 * given[g].weight * given[h].weight / given[h].share)
        for g in range(len(given)) for h in range(g + 1, len(given))
    ]  # fmt: skip


def difference_rows(game: ZoneGame, i: int, rule: MeanDifference, given: Amounts) -> dict[RowKey, Row]:
    """Pair rows and cap row of a mean difference; none where there is only one unit, which every plan keeps."""
    constant, slope = given
    found, cap = units(game, rule), (i, "", "most")
    if len(found) < 2:
        return {}
    rows: dict[RowKey, Row] = {cap: CapRow(-rule.at_most * slope, rule.at_most * float(constant.sum()))}
    for j, (g, h, of_g, of_h) in enumerate(pair_parts(found)):
        line, offset = np.zeros(game.size), 0.0
        for unit, factor in ((found[g], of_g), (found[h], -of_h)):
            line[unit.members] += factor * slope[unit.members]
            offset += factor * float(constant[unit.members].sum())
        rows[i, f"{g}-{h}", "most"] = PairRow(line, -offset, cap, j)
        rows[i, f"{h}-{g}", "most"] = PairRow(-line, offset, cap, j)
    return rows


def share_rows(game: ZoneGame, i: int, rule: MaxMinShare | MaxMin, given: Amounts) -> dict[RowKey, Row]:
    """One row a group: its rate on the right side of its level."""
    constant, slope = given
    sign = 1.0 if rule.of == "residual" else -1.0
    side = "most" if rule.of == "residual" else "least"
    rows: dict[RowKey, Row] = {}
    for group, level in share_levels(game, rule).items():
        if not np.isfinite(level):
            continue  # share 0 of residual harm: the rule says nothing
        inside = np.zeros(game.size)
        inside[game.members(group)] = 1.0
        limit = level * game.population_share(group) - float(constant @ inside)
        rows[i, group, side] = Row(sign * slope * inside, sign * limit)
    return rows


def share_levels(game: ZoneGame, rule: MaxMinShare | MaxMin) -> dict[str, float]:
    """Level of each group's rate a_g / p_g (residual: in shares of all harm); infinite where it says nothing."""
    if isinstance(rule, MaxMin) and rule.when == "after":
        return {}
    attainable = game.attainable(rule.of)
    slack = 1 - _SLACK if rule.of == "coverage" else 1 + _SLACK
    if isinstance(rule, MaxMin):
        return dict(zip(game.groups, (slack * attainable.levels).tolist(), strict=True))
    extreme = slack * attainable.extreme
    if rule.of == "coverage":
        return dict.fromkeys(game.groups, rule.share * extreme)
    return dict.fromkeys(game.groups, extreme / rule.share if rule.share > 0 else np.inf)


def priced(
    rows: Mapping[RowKey, Row], multipliers: Mapping[RowKey, float], size: int
) -> tuple[Floats, float]:
    """(slope, constant) of sum_j y_j (a_j . x - b_j), which is <= 0 on every allowed x.

    Parameters
    ----------
    rows
        Every coupling row of the game.
    multipliers
        Suggested y_j; negative ones count as 0, and caps are raised as the module docstring says.
    size
        n.
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
        slope += y * row.coefficients
        constant -= y * row.limit
    for key, pairs in load.items():
        caps[key] = max(pairs.values())  # more than the pairs ask for would only weaken the proof
    for key, y in caps.items():
        if key in load:
            slope += y * rows[key].coefficients
            constant -= y * rows[key].limit
    return slope, constant


def excess(rows: Mapping[RowKey, Row], coverage: Floats) -> float:
    """Largest violation over the rows of any coverage, each in its own scale."""
    worst, spread = 0.0, dict[RowKey, dict[int, float]]()
    for row in rows.values():
        over = float(row.coefficients @ coverage) - row.limit
        if isinstance(row, PairRow):
            pairs = spread.setdefault(row.cap, {})
            pairs[row.pair] = max(pairs.get(row.pair, 0.0), over)
        elif not isinstance(row, CapRow):
            worst = max(worst, over)
    for key, pairs in spread.items():
        cap = rows[key]
        worst = max(worst, sum(pairs.values()) + float(cap.coefficients @ coverage) - cap.limit)
    return worst
