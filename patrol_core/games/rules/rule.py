"""What a rule is: an object that checks a game, writes its rows, says by how much a plan breaks it, and reads and writes JSON.

Models, proofs, conflicts and hours ask the rule; none of them knows which rules there are. A new fairness rule is a class
here in ``games/rules``, a line in the tables of :mod:`~patrol_core.games.rules.documents`, and its name in the scenario.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Generic, Literal, Protocol, Self, TypeVar

import numpy as np

from patrol_core.arrays import Floats, Indices
from patrol_core.errors import InputError
from patrol_core.games.rules.rows import BUDGET, CapRow, Harm, Line, Of, PairRow, Row, RowKey, Total

#: What a rule may speak of, in words.
OF = {"coverage": "coverage per head", "residual": "residual harm per head"}

#: Of all coverage, or of all harm, what is so little that nothing is there to share.
_NOTHING = 1e-9

NO_RESIDUAL_HOURS = (
    "Residual parity cannot be asked of an hours plan: remaining risk is curved in the hours, so the rule "
    "would leave no "
    "convex problem and no proof of the best plan; use parity of hours per head, or a floor in hours."
)


Loosened = TypeVar("Loosened", covariant=True)


class Rates(Protocol):
    """What is attainable for the group that comes off worst: the best least rate, and all rates in that manner."""

    @property
    def extreme(self) -> float:
        """The best least rate."""

    @property
    def levels(self) -> Floats:
        """Rates of all groups."""


class RuleGame(Protocol):
    """What a rule asks of a game."""

    @property
    def zone_ids(self) -> tuple[str, ...]:
        """Labels."""

    @property
    def groups(self) -> Mapping[str, tuple[str, ...]]:
        """Group to zone labels."""

    @property
    def population(self) -> Floats | None:
        """(n,) people."""

    @property
    def budget(self) -> float:
        """Zones covered at once."""

    @property
    def constraints(self) -> tuple[Rule, ...]:
        """Its rules."""

    @property
    def size(self) -> int:
        """Number of zones n."""

    @property
    def rule_values(self) -> Floats:
        """(n,) values that rules are measured by."""

    @property
    def harm(self) -> Harm:
        """Residual harm at these values; of a curved game, by the share prevented in place of coverage."""

    @property
    def curved(self) -> bool:
        """Whether residual harm is not linear in the coverage."""

    def left(self, coverage: Floats) -> Floats:
        """(n,) share of each zone's harm that a coverage leaves."""

    def members(self, group: str) -> Indices:
        """Positions of a group's zones."""

    def has_zone(self, zone: str) -> bool:
        """Whether a label is known."""

    def position(self, zone: str) -> int:
        """Position of a zone."""

    def population_share(self, group: str) -> float:
        """The group's share of all people."""

    def harm_share(self, group: str) -> float:
        """The group's share of all harm."""

    def attainable(self, of: Of) -> Rates:
        """What budget and the other rules leave attainable."""


@dataclass(frozen=True)
class Loosening(Generic[Loosened]):
    """One level that can give way: from ``tight`` to ``loose``, where it says nothing any more."""

    tight: float
    loose: float
    at: Callable[[float], Loosened]
    advice: Callable[[float], str]
    scale: float = 1.0
    unit: str = ""
    """What one of the level is in messages, and its unit: rules that were given in hours speak of hours."""


@dataclass(frozen=True)
class HoursForm:
    """What a rule asks of hours in every month.

    Attributes:
        words: The rule in words, for names of its parts and for messages.
        zone, group: Of whom; neither: every zone (limits) or every group (shares).
        least, most: Limits in hours.
        share_of: Where it speaks of shares: each group's hours against its share of the month's ``people`` or
            ``demand``.
        within, centre: The tolerance d, and (u, v): between u - d and v + d times that share of all hours.
        of_best: Share of the best least hours per head that is attainable.
        rule: Whose shares they are: it says why they cannot be met.
    """

    words: str
    zone: str | None = None
    group: str | None = None
    least: float = -math.inf
    most: float = math.inf
    share_of: Literal["", "people", "demand"] = ""
    within: float = 0.0
    centre: tuple[float, float] = (1.0, 1.0)
    of_best: float | None = None
    rule: Rule | None = None


class Rule:
    """A side constraint or fairness rule on coverage."""

    __slots__ = ()

    #: The JSON type.
    kind: ClassVar[str]
    #: Whether its level follows from what the other rules leave attainable.
    of_attainable: ClassVar[bool] = False
    #: In which order levels are loosened where rules conflict: fairness, floors, caps.
    order: ClassVar[int] = 0
    #: What sets a group's share of hours, in messages.
    hours_limit: ClassVar[str] = ""

    @property
    def name(self) -> str:
        """The rule in words, as messages and tables show it."""
        raise NotImplementedError

    @property
    def of(self) -> Of:
        """What its rows speak of."""
        return "coverage"

    @property
    def slider(self) -> Literal["", "parity", "floor"]:
        """What moves its level: all fairness rules together, the floor of every zone, or nothing."""
        return ""

    @property
    def place_kind(self) -> str:
        """Of a budget of one place, what kind of place that is; "" for other rules."""
        return ""

    @property
    def couples(self) -> bool:
        """Whether it speaks of several zones at once."""
        return True

    @property
    def needs_harm(self) -> bool:
        """Whether its rows depend on the values of the zones."""
        return self.of == "residual"

    @property
    def after(self) -> bool:
        """Whether it comes after the worst case, among the plans that attain it."""
        return False

    def brought_forward(self) -> Rule:
        """The same rule before the game's own objective."""
        return self

    def at(self, level: float) -> Rule:
        """The rule at another level of its slider."""
        raise NotImplementedError

    def check(self, game: RuleGame) -> None:
        """Refuse a game that the rule has no meaning for."""
        raise NotImplementedError

    def bound(self, game: RuleGame, lower: Floats, upper: Floats) -> None:
        """Tighten bounds on coverage in place, where the rule speaks of single zones.

        Args:
            game: The game.
            lower: (n,) lower bounds on coverage.
            upper: (n,) upper bounds on coverage.
        """

    def lines(self, game: RuleGame, harm: Harm) -> dict[tuple[str, str], Line]:
        """Rows over totals by (group or pair, side)."""
        raise NotImplementedError

    def violation(self, game: RuleGame, coverage: Floats) -> float:
        """By how much a coverage breaks the rule (0 where it keeps it), from its definition; no row is used."""
        raise NotImplementedError

    def places(self, game: RuleGame) -> tuple[Indices, ...]:
        """Positions of the zones of every sum it speaks of, groups and the whole aside."""
        return ()

    def loosenings(self, game: RuleGame) -> tuple[Loosening[Rule], ...]:
        """Its levels that can give way; the first of a fairness rule is its tolerance."""
        return ()

    def loosest(self, game: RuleGame) -> Rule:
        """The rule where it says nothing any more, as far as it can be loosened."""
        found: Rule = self
        for level in self.loosenings(game)[:1]:
            found = level.at(level.loose)
        return found

    def strain(self, game: RuleGame, coverage: Floats) -> str:
        """Where a coverage breaks the rule most, as a clause to add; "" where the rule's name says it."""
        return ""

    @property
    def said_in(self) -> tuple[float, str]:
        """What one of its level is in messages, and the unit with a space before it."""
        return 1.0, ""

    def hours_form(self) -> HoursForm:
        """What it asks of an hours plan.

        Raises:
            InputError: Where hours cannot hold it: why, and what to ask instead.
        """
        raise InputError(NO_RESIDUAL_HOURS)

    def hours_asked(self) -> str:
        """Its shares of hours in words, where they cannot be met."""
        raise NotImplementedError

    def hours_work(self, tolerance: float, *, measure: str = "") -> str:
        """That a tolerance of its shares of hours works, in words; ``measure`` names the tolerance."""
        raise NotImplementedError

    def document(self) -> dict[str, object]:
        """Its JSON form."""
        given = {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]
        return {"type": self.kind, **{key: value for key, value in given.items() if value is not None}}


class Fairness(Rule):
    """A rule with one tolerance d >= 0, 0 the strictest, which sliders and frontiers move."""

    __slots__ = ()

    @property
    def slider(self) -> Literal["", "parity", "floor"]:
        """Fairness rules move together."""
        return "parity"

    def at(self, level: float) -> Self:
        """At another tolerance."""
        return self.with_tolerance(level)

    @property
    def tolerance(self) -> float:
        """D."""
        raise NotImplementedError

    def with_tolerance(self, tolerance: float) -> Self:
        """The same kind of rule at another tolerance d >= 0."""
        raise NotImplementedError

    def with_ends(self, least: float | None, most: float | None) -> Self:
        """The rule with a band given by its ends, where it has one; None keeps an end."""
        return self

    def met_at(self, game: RuleGame, coverage: Floats) -> float:
        """The tolerance at which the rule begins to say anything about a plan: how unequal the plan itself is."""
        raise NotImplementedError

    def most_tolerance(self) -> float:
        """The tolerance from which on the rule says nothing, whatever the game; infinite where that depends on it."""
        return math.inf


# -- rows of a game ---------------------------------------------------------------------------------


def lines_of(game: RuleGame, harm: Harm) -> dict[RowKey, Line]:
    """The short rows of every rule of a game, the budget's aside."""
    return {
        (i, part, side): line
        for i, rule in enumerate(game.constraints)
        for (part, side), line in rule.lines(game, harm).items()
    }


def coupling_rows(game: RuleGame, harm: Harm | None = None) -> dict[RowKey, Row]:
    """Budget and every rule over several zones, as rows a . x <= b over the zones.

    In a curved game a row on residual harm is a . (x, p) <= b, of twice the length: p_t is the share prevented in zone t.

    Args:
        game: Budget and rules.
        harm: What rules on residual harm are measured by; the game's own where None.
    """
    harm = harm or game.harm
    rows = {BUDGET: Row(np.ones(game.size), game.budget)}
    for key, line in lines_of(game, harm).items():
        if not np.isfinite(line.limit):
            continue
        sign = -1.0 if key[2] == "least" else 1.0
        coefficients, limit = sign * _spread(game, harm, line), sign * line.limit
        if line.pair is not None:
            rows[key] = PairRow(coefficients, limit, (key[0], "", "most"), line.pair)
        else:
            rows[key] = (CapRow if line.pairs else Row)(coefficients, limit)
    return rows


def _spread(game: RuleGame, harm: Harm, line: Line) -> Floats:
    """(n,) coefficients of a short row over the zones; (2n,) where it speaks of the shares prevented of a curved game."""
    prevented = game.curved and any(kind in ("P", "Pg") for kind, _ in line.terms)
    result = np.zeros(game.size * (2 if prevented else 1))
    for (kind, at), factor in line.terms.items():
        on_harm = kind in ("P", "Pg")
        part = result[game.size :] if on_harm and prevented else result[: game.size]
        where: Any = slice(None) if at == "" else game.members(at) if isinstance(at, str) else np.array(at)
        part[where] += factor * harm.relief[where] if on_harm else factor
    return result


# -- parts of rules ---------------------------------------------------------------------------------


def total_of(of: Of, harm: Harm, game: RuleGame, group: str | None = None) -> tuple[float, Total, float]:
    """(c, total, s) of the amount of a group, or of all, as c + s total.

    Args:
        harm: Residual harm by zone.
        game: The game.
    """
    if of == "coverage":
        return 0.0, ("S", "") if group is None else ("C", group), 1.0
    if group is None:
        return float(harm.start.sum()), ("P", ""), -harm.effect
    return float(harm.start[game.members(group)].sum()), ("Pg", group), -harm.effect


def amounts(of: Of, harm: Harm) -> tuple[Floats, Floats]:
    """(c, s) of the (n,) amounts c_t + s_t x_t."""
    if of == "coverage":
        return np.zeros(harm.start.size), np.ones(harm.start.size)
    return harm.start, -harm.effect * harm.relief


def amount_of(of: Of, game: RuleGame, coverage: Floats) -> Floats | None:
    """(n,) amounts in their own unit, or None where next to nothing is there to share, beside budget or unopposed harm.

    Args:
        of: Coverage or residual harm.
        game: The game.
        coverage: (n,) coverage.
    """
    values = game.rule_values
    amount = coverage if of == "coverage" else values * game.left(coverage)
    whole = min(game.budget, float(game.size)) if of == "coverage" else float(values.sum())
    return None if float(amount.sum()) <= _NOTHING * whole else amount


def check_left(rule: Rule, game: RuleGame) -> None:
    """Refuse a rule that keeps harm left from falling, where it falls in curves."""
    if rule.of == "residual" and game.curved:
        raise InputError(
            f"The rule {rule.name} can be planned for only where each zone takes one unit and all zones are of one size: it also "
            "keeps harm left from falling too low, and where further units prevent less each time no such plan can be proved best. "
            "Take response 'linear', or max-min (or a max-min share) of residual harm, which only limits it from above."
        )


def check_groups(rule: Rule, game: RuleGame, *, between_zones: bool = False, per_head: bool = True) -> None:
    """Refuse a game without the groups (unless ``between_zones``) and people (if ``per_head``) that a rule needs."""
    if not game.groups and not between_zones:
        raise InputError(f"The rule {rule.name} needs groups: give 'groups' as group name to zone ids.")
    if not per_head:
        return
    if game.population is None:
        raise InputError(f"The rule {rule.name} needs the population of every zone: give 'population'.")
    missing = np.flatnonzero(np.isnan(game.population))
    if missing.size:
        zone = game.zone_ids[int(missing[0])]
        raise InputError(f"The rule {rule.name} needs every zone's population; zone {zone!r} has none.")


def check_people(rule: Rule, game: RuleGame) -> None:
    """Refuse a group that nobody lives in."""
    assert game.population is not None  # check_groups comes first
    for group in game.groups:
        if not game.population[game.members(group)].sum() > 0:
            raise InputError(
                f"Group {group!r} has population 0, so {rule.name} has no meaning for it: "
                "give its people or leave the group out."
            )


def plain_number(value: object) -> float:
    """The value as a float; NaN for text, truth values, infinities and anything else that is no number."""
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer):
        return math.nan
    given: Any = value
    return float(given) if abs(given) < 1e300 else math.nan


def checked_tolerance(tolerance: float) -> float:
    """The tolerance, if it is a number >= 0."""
    if not plain_number(tolerance) >= 0:
        raise InputError(
            f"A fairness rule has tolerance {tolerance!r}: accepted is a number >= 0 (0 the strictest)."
        )
    return tolerance


def check_word(kind: str, field: str, value: object, accepted: tuple[str, ...]) -> None:
    """Refuse a word that is none of those accepted.

    Args:
        kind: The kind of rule.
        field: Name of the field.
        value: What was given.
    """
    if value not in accepted:
        raise InputError(f"A {kind} rule has {field} = {value!r}: accepted are {' and '.join(accepted)}.")
