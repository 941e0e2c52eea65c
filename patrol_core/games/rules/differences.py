r"""A capped mean difference of per-head rates between groups or zones.

With a_g(x) the amount of group g (coverage, or residual harm), p_g its share of all people, pi_g its share of the people the
groups count, A(x) the amount of all zones:

    sum_g sum_h pi_g pi_h | a_g / p_g - a_h / p_h |  <=  at_most * A

The rates a_g / p_g are per head, measured in the overall rate's unit, so the cap is a share of the overall rate and has
no unit: 0.2 says that two people drawn at random live with rates that differ by 20 % of the overall rate on average.
Where the groups part the people among them the left side is twice their Gini coefficient times A. Without sorting, with
one variable u_gh a pair:  u_gh >= +- 2 pi_g pi_h (a_g / p_g - a_h / p_h),  sum of u_gh <= at_most * A.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import Harm, Line, Of, Total
from patrol_core.games.rules.rule import (
    NO_RESIDUAL_HOURS,
    OF,
    Fairness,
    HoursForm,
    Loosening,
    Rule,
    RuleGame,
    amount_of,
    check_groups,
    check_left,
    check_people,
    check_word,
    plain_number,
    total_of,
)

Between = Literal["groups", "zones"]

#: Most groups, and most zones, whose pairs a mean difference compares: there are n^2 / 2 of them.
MOST_COMPARED = {"groups": 150, "zones": 60}


@dataclass(frozen=True, slots=True)
class MeanDifference(Fairness):
    """Mean absolute difference of per-head rates between groups (or zones) capped, as a share of the overall rate.

    Args:
        at_most: The cap, >= 0: 0.2 is 20 % of the overall rate.
        of: ``coverage`` per head, or ``residual`` harm per head.
        between: ``groups`` of the game, or all ``zones`` that have people, both weighted by population.
    """

    at_most: float
    of: Of = "coverage"
    between: Between = "groups"

    kind = "mean-difference"

    def __post_init__(self) -> None:
        if not plain_number(self.at_most) >= 0:
            raise InputError(
                f"A mean-difference rule has at_most = {self.at_most!r}: accepted is a number >= 0 "
                "(0.2 means 20 % of the overall rate)."
            )
        check_word("mean-difference", "of", self.of, ("coverage", "residual"))
        check_word("mean-difference", "between", self.between, ("groups", "zones"))

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        return f"mean difference of {OF[self.of]} between {self.between} of at most {self.at_most:g}"

    @property
    def tolerance(self) -> float:
        """at_most."""
        return self.at_most

    def with_tolerance(self, tolerance: float) -> Self:
        """At another cap."""
        return replace(self, at_most=tolerance)

    def check(self, game: RuleGame) -> None:
        """People, and not too many pairs."""
        zones = self.between == "zones"
        check_left(self, game)
        check_groups(self, game, between_zones=zones)
        assert game.population is not None  # check_groups
        compared = int((game.population > 0).sum()) if zones else len(game.groups)
        most = MOST_COMPARED[self.between]
        if compared > most:
            raise InputError(
                f"The rule {self.name} compares every pair of {compared:,} {self.between}: accepted are up to "
                f"{most}; use fewer, larger groups, or parity."
            )
        if zones and not compared:
            raise InputError(f"The rule {self.name} needs people: every zone has population 0.")
        if not zones:
            check_people(self, game)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """The cap row and two rows a pair; none where there is only one unit, which every plan keeps."""
        units = self._units(game)
        if len(units) < 2:
            return {}
        constant, total, slope = total_of(self.of, harm, game)
        pairs = list(combinations(range(len(units)), 2))
        cap = Line({total: -self.at_most * slope}, self.at_most * constant, pairs=len(pairs))
        lines = {("", "most"): cap}
        parts = [self._part(game, harm, unit) for unit in units]
        for j, (g, h) in enumerate(pairs):
            both = 2 * units[g].weight * units[h].weight
            of_g, of_h = both / units[g].share, both / units[h].share
            terms = {parts[g][1]: of_g * parts[g][2], parts[h][1]: -of_h * parts[h][2]}
            offset = of_g * parts[g][0] - of_h * parts[h][0]
            lines[f"{g}-{h}", "most"] = Line(terms, -offset, pair=j)
            lines[f"{h}-{g}", "most"] = Line({t: -factor for t, factor in terms.items()}, offset, pair=j)
        return lines

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """As a share of the overall rate."""
        amount = amount_of(self.of, game, coverage)
        return 0.0 if amount is None else max(0.0, self._differs(game, amount) - self.at_most)

    def met_at(self, game: RuleGame, coverage: Floats) -> float:
        """The plan's own mean difference."""
        amount = amount_of(self.of, game, coverage)
        return 0.0 if amount is None else self._differs(game, amount)

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Up to what no plan exceeds."""
        advice = f"raise the cap of the {self.name} to "
        most = max(self.at_most, 2.0 * len(game.groups), 2.0)
        return (Loosening(self.at_most, most, self.with_tolerance, lambda v: advice + f"{v:.10g}"),)

    def hours_form(self) -> HoursForm:
        """Hours cannot hold it."""
        raise InputError(NO_RESIDUAL_HOURS if self.of == "residual" else _NO_HOURS)

    def _units(self, game: RuleGame) -> list[_Unit]:
        """What it compares."""
        if self.between == "zones":
            assert game.population is not None  # check
            people = game.population / game.population.sum()
            at = np.flatnonzero(people > 0)
            return [_Unit("", np.array([t]), float(people[t]), float(people[t])) for t in at]
        shares = [game.population_share(group) for group in game.groups]
        whole = sum(shares)
        return [
            _Unit(group, game.members(group), share / whole, share)
            for group, share in zip(game.groups, shares, strict=True)
        ]

    def _part(self, game: RuleGame, harm: Harm, unit: _Unit) -> tuple[float, Total, float]:
        """(c, total, s) of a unit's amount."""
        if self.between == "groups":
            return total_of(self.of, harm, game, unit.group)
        zone = int(unit.members[0])
        if self.of == "coverage":
            return 0.0, ("x", zone), 1.0
        return float(harm.start[zone]), ("x", zone), -harm.effect * float(harm.relief[zone])

    def _differs(self, game: RuleGame, amount: Floats) -> float:
        """The mean difference over the overall rate from (n,) amounts, by sorting: no row shares this."""
        units = self._units(game)
        rates = np.array([float(amount[u.members].sum()) / u.share for u in units])
        weights = np.array([u.weight for u in units])
        order = np.argsort(rates, kind="stable")
        p, r = weights[order], rates[order]
        below = np.cumsum(p) - p
        return max(0.0, float(2.0 * (p * r * (2.0 * below + p - p.sum())).sum())) / float(amount.sum())


_NO_HOURS = (
    "A mean difference cannot be asked of an hours plan: its rules are intervals of each group's hours, which "
    "rounding to whole units can keep, and this one ties all groups together; parity of hours per head within d "
    "keeps the mean difference of groups that part the zones at most d."
)


@dataclass(frozen=True, eq=False)
class _Unit:
    """A group or zone of a mean difference: its name, its zones, pi, and p."""

    group: str
    members: NDArray[np.intp]
    weight: float
    share: float
