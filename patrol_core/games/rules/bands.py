r"""Rules that hold each group's share of something within a band around its share of something else.

* coverage parity   C_g within (1 +- d) p_g S,                    p_g = n_g / N the group's share of all people
* residual parity   (w_g - e P_g) within (1 +- d) p_g (1 - e P),  harm left as a share of all unopposed harm
* proportionality   a h_g S <= C_g <= b h_g S,                    h_g = sum over g of V_t / sum of V_t its share of the harm

C_g and S sum the coverage over the group and over all zones. Groups may overlap, and zones in no group still count in the
whole. Coverage parity says the same of patrol per head as proportionality of patrol per expected crime.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import Harm, Line, Of
from patrol_core.games.rules.rule import (
    Fairness,
    HoursForm,
    Loosening,
    Rule,
    RuleGame,
    amount_of,
    check_groups,
    check_left,
    check_people,
    checked_tolerance,
    plain_number,
    total_of,
)


class _Band(Fairness):
    """(low, high) times a group's share of the whole."""

    __slots__ = ()

    @property
    def band(self) -> tuple[float, float]:
        """(low, high)."""
        raise NotImplementedError

    def share(self, game: RuleGame, group: str) -> float:
        """The group's share of what its amount is measured against."""
        return game.population_share(group)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """Two rows a group."""
        constant, total, slope = total_of(self.of, harm, game)
        result = {}
        for side, factor in zip(("least", "most"), self.band, strict=True):
            for group in game.groups:
                own, part, _ = total_of(self.of, harm, game, group)
                share = factor * self.share(game, group)
                result[group, side] = Line({part: slope, total: -slope * share}, share * constant - own)
        return {key: result[key] for key in sorted(result, key=lambda key: key[1] == "least")}

    def shares(self, game: RuleGame, coverage: Floats) -> tuple[Floats, Floats] | None:
        """Each group's share of the amount, and the share it is measured against; None where nothing is there to share."""
        amount = amount_of(self.of, game, coverage)
        if amount is None:
            return None
        held = np.array([float(amount[game.members(g)].sum()) for g in game.groups]) / float(amount.sum())
        return held, np.array([self.share(game, g) for g in game.groups])

    def excess(self, game: RuleGame, coverage: Floats) -> Floats | None:
        """By how much each group is outside the band, in its own share (of nothing: in the whole)."""
        found, (low, high) = self.shares(game, coverage), self.band
        if found is None:
            return None
        held, own = found
        return np.maximum(low * own - held, held - high * own) / np.where(own > 0, own, 1.0)

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """Excess over the band, as a share of the overall rate (0.05 = five points outside)."""
        over = self.excess(game, coverage)
        return 0.0 if over is None else max(0.0, float(over.max()))

    def met_at(self, game: RuleGame, coverage: Floats) -> float:
        """The farthest group's distance from the overall rate, in its unit."""
        found = self.shares(game, coverage)
        if found is None:
            return 0.0
        held, own = found
        return float((np.abs(held - own) / np.where(own > 0, own, 1.0)).max())


@dataclass(frozen=True, slots=True)
class _Parity(_Band):
    within: float

    def __post_init__(self) -> None:
        if not plain_number(self.within) >= 0:
            raise InputError(
                f"A {self.kind} rule has within = {self.within!r}: accepted is a number >= 0 (0.2 means 20 %)."
            )

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"{self.kind} within {self.within:g}"

    @property
    def band(self) -> tuple[float, float]:
        """(1 - d, 1 + d)."""
        return 1 - self.within, 1 + self.within

    @property
    def tolerance(self) -> float:
        """D."""
        return self.within

    def with_tolerance(self, tolerance: float) -> Self:
        """At another d."""
        return replace(self, within=tolerance)

    def check(self, game: RuleGame) -> None:
        """Groups, and people in each."""
        check_left(self, game)
        check_groups(self, game)
        check_people(self, game)

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """A group with everything has 1 / share times the overall rate; one with nothing is off by 1."""
        most = max(self.within, 1.0, *(1 / game.population_share(g) for g in game.groups))
        advice = f"widen {self.name} to "
        return (Loosening(self.within, most, self.with_tolerance, lambda v: advice + f"{v:.10g}"),)


@dataclass(frozen=True, slots=True)
class CoverageParity(_Parity):
    """Coverage per head of every group within (1 +- within) of the overall rate."""

    kind = "coverage-parity"
    hours_limit = "parity"

    def hours_form(self) -> HoursForm:
        """Of hours per head."""
        words = f"parity of hours per head within {self.within:g}"
        return HoursForm(words, share_of="people", within=float(self.within), rule=self)

    def hours_asked(self) -> str:
        """Hours per head."""
        return f"Parity of hours per head within {self.within:g}"

    def hours_work(self, tolerance: float, *, measure: str = "") -> str:
        """Within it."""
        return f"a {measure}tolerance of {tolerance:g} works"


@dataclass(frozen=True, slots=True)
class ResidualParity(_Parity):
    """Residual harm per head of every group within (1 +- within) of the overall rate."""

    kind = "residual-parity"

    @property
    def of(self) -> Of:
        """Harm left."""
        return "residual"


@dataclass(frozen=True, slots=True)
class Proportionality(_Band):
    """Each group's share of all coverage between two multiples of its share of all harm.

    Args:
        at_least, at_most: a from 0 to 1 and b >= 1: with 0.8 and 1.25 a group of half the harm has 40 % to 62.5
            % of the patrols. Where there is no harm at all the rule says nothing.
    """

    at_least: float
    at_most: float

    kind = "proportionality"
    hours_limit = "its share of demand"

    def __post_init__(self) -> None:
        if not 0 <= plain_number(self.at_least) <= 1:
            raise InputError(
                f"A proportionality rule has at_least = {self.at_least!r}: accepted is a number from 0 to 1 (0.8: at least "
                "80 % of its share of the harm)."
            )
        if not plain_number(self.at_most) >= 1:
            raise InputError(
                f"A proportionality rule has at_most = {self.at_most!r}: accepted is a number >= 1 (1.25: at most 125 % of "
                "its share of the harm)."
            )

    @property
    def name(self) -> str:
        """The rule in words."""
        return f"proportionality of patrol to harm between {self.at_least:g} and {self.at_most:g}"

    @property
    def needs_harm(self) -> bool:
        """Shares are those of the harm."""
        return True

    @property
    def band(self) -> tuple[float, float]:
        """(a, b)."""
        return self.at_least, self.at_most

    @property
    def tolerance(self) -> float:
        """d, the larger of 1 - a and b - 1."""
        return max(1.0 - self.at_least, self.at_most - 1.0)

    def with_tolerance(self, tolerance: float) -> Self:
        """Between 1 - d and 1 + d."""
        ends = between(tolerance)
        return replace(self, at_least=ends.at_least, at_most=ends.at_most)

    def widened(self, tolerance: float) -> Proportionality:
        """Both ends moved outwards alike, until the farther one is off 1 by the tolerance."""
        wider = tolerance - self.tolerance
        return Proportionality(max(0.0, self.at_least - wider), self.at_most + wider)

    def with_ends(self, least: float | None, most: float | None) -> Self:
        """Other ends."""
        return replace(
            self,
            at_least=self.at_least if least is None else least,
            at_most=self.at_most if most is None else most,
        )

    def check(self, game: RuleGame) -> None:
        """Groups; people do not matter."""
        check_groups(self, game, per_head=False)

    def share(self, game: RuleGame, group: str) -> float:
        """The group's share of the harm."""
        return game.harm_share(group)

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """Two rows a group, none where there is no harm."""
        return _Band.lines(self, game, harm) if game.rule_values.any() else {}

    def shares(self, game: RuleGame, coverage: Floats) -> tuple[Floats, Floats] | None:
        """None where there is no harm."""
        return _Band.shares(self, game, coverage) if game.rule_values.any() else None

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Both ends together, the lower one alone, the upper one alone."""
        shares = [share for g in game.groups if (share := self.share(game, g)) > 0]
        most = max(self.at_most, *(1 / share for share in shares), 1.0)

        def both(tolerance: float) -> str:
            rule = self.widened(tolerance)
            return f"widen {self.name} to {rule.at_least:.10g} and {rule.at_most:.10g}"

        return (
            Loosening(self.tolerance, self.tolerance + max(1.0, most - self.at_most), self.widened, both),
            Loosening(
                self.at_least,
                0.0,
                lambda v: replace(self, at_least=v),
                lambda v: f"lower its least to {v:.10g} times",
            ),
            Loosening(
                self.at_most,
                most,
                lambda v: replace(self, at_most=v),
                lambda v: f"raise its most to {v:.10g} times",
            ),
        )

    def loosest(self, game: RuleGame) -> Proportionality:
        """No band at all."""
        most = self.loosenings(game)[-1].loose
        return Proportionality(0.0, most)

    def strain(self, game: RuleGame, coverage: Floats) -> str:
        """The group farthest outside the band."""
        found, over = self.shares(game, coverage), self.excess(game, coverage)
        if found is None or over is None or not over.max() > 0:
            return ""
        worst = int(np.argmax(over))
        group, held, own = list(game.groups)[worst], float(found[0][worst]), float(found[1][worst])
        return f" (group {group!r}: {held:.4g} of the patrols for {own:.4g} of the harm at best)"

    def hours_form(self) -> HoursForm:
        """Of hours, by shares of the demand."""
        return HoursForm(
            f"hours of {self.at_least:g} to {self.at_most:g} times the share of demand",
            share_of="demand",
            within=self.tolerance,
            centre=(self.at_least + self.tolerance, self.at_most - self.tolerance),
            rule=self,
        )

    def hours_asked(self) -> str:
        """Shares of demand."""
        return f"Hours between {self.at_least:g} and {self.at_most:g} times each group's share of demand"

    def hours_work(self, tolerance: float, *, measure: str = "") -> str:
        """Both ends."""
        wider = self.widened(tolerance)
        return f"{wider.at_least:.4g} and {wider.at_most:.4g} times work"


def between(tolerance: float) -> Proportionality:
    """Proportionality between 1 - d (not below 0) and 1 + d."""
    return Proportionality(max(0.0, 1.0 - checked_tolerance(tolerance)), 1.0 + tolerance)
