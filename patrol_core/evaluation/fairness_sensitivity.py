r"""Would we still say so? What is concluded about fairness, under other groups, boundaries, data and reporting.

Three things are concluded of each view (harm left per head, patrol per head):

* **ratio**: whether the smallest group rate is below four fifths of the largest;
* **most**: which group has the highest rate;
* **sign**: whether the concentration index says more deprived (below 0) or less deprived (above 0) residents get more.

The plan is held fixed. What varies:

* other groups: the same amounts, residents divided another way (only *ratio* can be compared);
* another boundary: amounts and residents summed over larger areas, each counted for the group of most of its
  residents (the modifiable areal unit problem: Openshaw 1984, CATMOG 38);
* chance in the data: draws of the harm, so that a conclusion holds in a share of them;
* under-reporting: true harm is recorded harm over the share that gets recorded, :math:`V_i / \sum_g s_{gi} r_g` with
  :math:`r_g` the share recorded where group g lives, so harm left grows where less is reported.

Patrol per head hangs on neither draws nor reporting, the plan being fixed; those rows are left out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.fairness import FOUR_FIFTHS, Grouping, People, indices, min_max_ratio

PROTECTION, BURDEN = "harm left", "patrol"
RATIO, MOST, SIGN = "ratio", "most", "sign"
FIRM = 0.95
"""A conclusion holds where it does so in at least this share of the draws."""
_FLAT = 1e-9


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to vary.

    Attributes:
        name: In words, as tables show it.
        kind: ``groups``, ``boundary``, ``draws`` or ``reporting``.
        people: Who is counted.
        residual: (n,) or (S, n) harm left.
        burden: (n,) patrol; None where this case cannot change it.
    """

    name: str
    kind: str
    people: People
    residual: Floats
    burden: Floats | None = None


def conclusions(amount: ArrayLike, people: People) -> dict[str, str]:
    """What is concluded of one amount: conclusion -> answer; what cannot be said is left out.

    Args:
        amount: (n,) per zone.
    """
    amounts = np.asarray(amount, dtype=np.float64)
    found: dict[str, str] = {}
    if people.grouping is not None and len(people.grouping.names) > 1:
        rates = people.grouping.rates(amounts, people.population)
        ratio = min_max_ratio(rates)
        if np.isfinite(ratio):
            found[RATIO] = "below 0.8" if ratio < FOUR_FIFTHS else "0.8 or above"
            found[MOST] = people.grouping.names[int(np.nanargmax(rates))]
    index = _concentration(amounts, people)
    if np.isfinite(index):
        found[SIGN] = "even" if abs(index) < _FLAT else ("more deprived" if index < 0 else "less deprived")
    return found


def figures(amount: ArrayLike, people: People) -> dict[str, float]:
    """The numbers behind the conclusions: ratio, and concentration index under ``sign``."""
    amounts = np.asarray(amount, dtype=np.float64)
    ratio = (
        min_max_ratio(people.grouping.rates(amounts, people.population)) if people.grouping else float("nan")
    )
    return {RATIO: ratio, SIGN: _concentration(amounts, people)}


def _concentration(amounts: Floats, people: People) -> float:
    if people.rank is None:
        return float("nan")
    used = np.isfinite(people.rank) & (people.population > 0)
    if not used.any() or len(np.unique(people.rank[used])) < 2:
        return float("nan")
    rate = amounts[used] / people.population[used]
    return indices.concentration(rate, people.population[used], people.rank[used])


def survey(residual: ArrayLike, burden: ArrayLike, people: People, cases: Sequence[Case]) -> pd.DataFrame:
    """Hold every conclusion against every case.

    Args:
        residual, burden: (n,) harm left and patrol, as stated.
        people: Who is counted.
        cases: What varies.

    Returns:
        pandas.DataFrame: view, conclusion, stated (the answer now), case, kind, answer (most frequent), figure
            (its number, mean over draws; NaN for *most*), holds_in (% of draws, 0 or 100 for one case), verdict
            (``holds``, ``does not hold``, ``not firm``). *most* is left out for other groups, whose names are
            others.
    """
    rows = []
    for view, amount in ((PROTECTION, residual), (BURDEN, burden)):
        stated = conclusions(amount, people)
        for case in cases:
            table = case.residual if view == PROTECTION else case.burden
            if table is None:
                continue
            draws = np.atleast_2d(np.asarray(table, dtype=np.float64))
            answers = pd.DataFrame([conclusions(row, case.people) for row in draws])
            numbers = pd.DataFrame([figures(row, case.people) for row in draws])
            for conclusion, answer in stated.items():
                comparable = not (case.kind == "groups" and conclusion != RATIO)
                if comparable and conclusion in answers:
                    mean = float(numbers[conclusion].mean()) if conclusion in numbers else float("nan")
                    rows.append(_row(view, conclusion, answer, case, answers[conclusion], mean))
    columns = [
        "view",
        "conclusion",
        "stated",
        "case",
        "kind",
        "answer",
        "figure",
        "holds_in",
        "verdict",
    ]
    return pd.DataFrame(rows, columns=columns)


def _row(
    view: str, conclusion: str, stated: str, case: Case, answers: pd.Series[str], mean: float
) -> tuple[object, ...]:
    share = float((answers == stated).mean())
    verdict = "holds" if share >= FIRM else ("does not hold" if share <= 1.0 - FIRM else "not firm")
    usual = str(answers.mode().iloc[0])
    return (view, conclusion, stated, case.name, case.kind, usual, mean, 100.0 * share, verdict)


def other_groups(residual: Floats, burden: Floats, people: People, others: Sequence[Grouping]) -> list[Case]:
    """The same amounts by other groupings.

    Args:
        residual, burden: (n,) harm left and patrol.
        people, others: Who is counted, and other ways to divide them.
    """
    return [
        Case(other.label, "groups", replace(people, grouping=other), residual, burden)
        for other in others
        if len(other.names) > 1
    ]


def another_boundary(
    residual: ArrayLike, burden: ArrayLike, people: People, areas: Sequence[object], *, name: str
) -> Case:
    """Amounts and residents summed over larger areas.

    Args:
        residual, burden: (n,) harm left and patrol.
        people: Who is counted, by zone.
        areas: (n,) area of each zone; zones without one ("" or missing) stay areas of their own.
        name: What the areas are, in words.

    Raises:
        InputError: When the areas are not one per zone.
    """
    labels = ["" if area is None or area != area else str(area) for area in areas]
    if len(labels) != len(people.population):
        raise InputError(
            f"There are {len(labels)} areas for {len(people.population)} zones; give one per zone."
        )
    alone = [label or f"\0{place}" for place, label in enumerate(labels)]
    names, place = np.unique(np.asarray(alone), return_inverse=True)
    count = len(names)

    def summed(values: Floats) -> Floats:
        return np.asarray(np.bincount(place, weights=values, minlength=count), dtype=np.float64)

    population = summed(people.population)
    grouping = people.grouping
    if grouping is not None:
        members = np.array([summed(row * people.population) for row in grouping.share])
        share = np.divide(members, population, out=np.zeros_like(members), where=population > 0)
        if not grouping.weighted:
            largest = np.zeros_like(share)
            largest[share.argmax(axis=0), np.arange(count)] = 1.0
            share = np.where(share.max(axis=0) > 0, largest, 0.0)
        grouping = replace(grouping, share=share)
    larger = replace(people, population=population, grouping=grouping, rank=_mean_rank(people, place, count))
    return Case(name, "boundary", larger, summed(np.asarray(residual)), summed(np.asarray(burden)))


def _mean_rank(people: People, place: np.ndarray, count: int) -> Floats | None:
    """Mean rank of an area's residents; NaN where no zone has one."""
    if people.rank is None:
        return None
    known = np.isfinite(people.rank)
    heads = np.where(known, people.population, 0.0)
    top = np.bincount(place, weights=heads * np.where(known, people.rank, 0.0), minlength=count)
    bottom = np.bincount(place, weights=heads, minlength=count)
    return np.asarray(np.divide(top, bottom, out=np.full(count, np.nan), where=bottom > 0))


def true_harm(values: ArrayLike, grouping: Grouping, recorded: Mapping[str, float]) -> Floats:
    """Harm per zone if only a share of it is recorded where some groups live.

    Args:
        values: (n,) or (S, n) recorded.
        grouping: Share of each group in each zone.
        recorded: Group -> share recorded, above 0 and at most 1; other groups 1.

    Raises:
        InputError: An unknown group, or a share that is none.
    """
    for group, share in recorded.items():
        if group not in grouping.names:
            raise InputError(f"There is no group {group!r}; groups are {', '.join(grouping.names)}.")
        if not 0 < share <= 1:
            raise InputError(
                f"Group {group!r} has the reporting rate {share!r}; accepted is above 0 and at most 1."
            )
    lost = np.array([1.0 - recorded.get(name, 1.0) for name in grouping.names])
    return np.asarray(np.asarray(values, dtype=np.float64) / (1.0 - lost @ grouping.share))


def reporting_path(residual: ArrayLike, people: People, group: str, rates: Sequence[float]) -> pd.DataFrame:
    """The figures of harm left as less and less is reported where one group lives.

    Args:
        residual, people: (n,) harm left, and who is counted.
        group, rates: The group, and shares recorded where it lives, each above 0 and at most 1.

    Returns:
        pandas.DataFrame: recorded (share), ratio, concentration, most (group of the highest rate), changed
            (conclusions that differ from those at full reporting, as text).
    """
    if people.grouping is None:
        raise InputError("Under-reporting by group needs groups; the data carry none.")
    stated = conclusions(residual, people)
    rows = []
    for rate in rates:
        true = true_harm(residual, people.grouping, {group: rate})
        now, numbers = conclusions(true, people), figures(true, people)
        changed = ", ".join(name for name in stated if now.get(name) != stated[name])
        rows.append((rate, numbers[RATIO], numbers[SIGN], now.get(MOST, ""), changed))
    return pd.DataFrame(rows, columns=["recorded", "ratio", "concentration", "most", "changed"])
