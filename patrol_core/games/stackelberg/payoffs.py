r"""Payoffs of one offender type, and what follows from them without any solver.

Per target t, for an attack on it while covered (c) and uncovered (u), with the signs every model here needs:

    defender   U_d^c(t) >= U_d^u(t)        attacker   U_a^c(t) <= U_a^u(t)

At coverage x_t the expected payoffs are linear, with relief D_t = U_d^c - U_d^u and drop F_t = U_a^u - U_a^c:

    U_d(t, x) = U_d^u(t) + D_t x_t         U_a(t, x) = U_a^u(t) - F_t x_t

The zero-sum case of :mod:`~patrol_core.games.zone.solve` is U_a^u = V, U_a^c = V (1 - e), U_d = -U_a.

Which plan is best depends neither on the unit of a player's payoffs nor on what they are counted from. So sizes are those of
differences, and the models see payoffs counted from each player's best and measured in such a size (:func:`measured`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from patrol_core.arrays import Floats
from patrol_core.errors import InputError

#: Attacker payoffs closer than this share of ``Payoffs.attacker_scale`` count as a tie.
TIE = 1e-8

#: The four payoff tables, as the fields of a target are called in JSON.
FIELDS = ("defender_covered", "defender_uncovered", "attacker_covered", "attacker_uncovered")

#: Drops below this share of the scale count as none: coverage there moves the attacker by less than a tie.
_FLAT = TIE / 2

#: Differences below this share of the payoffs themselves are rounding.
_ROUNDING = 1e-9

#: A penalty this many times the spread of rewards is far beyond them.
_FAR = 1e3

#: Steps of the grid that measured payoffs lie on.
_GRID = 2.0**44

#: Larger payoffs would overflow in sums.
_LARGEST = 1e100


def plain_number(value: Any) -> float | None:
    """The value as float, or None where it is text, a truth value or no number at all."""
    if isinstance(value, int | float | np.integer | np.floating) and not isinstance(value, bool):
        return float(value)
    return None


@dataclass(frozen=True, eq=False)
class Payoffs:
    """The four payoffs of every target, in one order of targets; make them with :func:`checked_payoffs`.

    Attributes:
        defender_covered, defender_uncovered, attacker_covered, attacker_uncovered: (n,) payoffs of an attack on
            each target; any unit, the same for all targets of one player.
        sizes: (attacker's, defender's) scale where it is known from what the payoffs were made of; else from
            the payoffs.
    """

    defender_covered: Floats
    defender_uncovered: Floats
    attacker_covered: Floats
    attacker_uncovered: Floats
    sizes: tuple[float, float] | None = None

    @classmethod
    def zero_sum(cls, values: Floats, effectiveness: float = 1.0) -> Payoffs:
        """Payoffs of the zone game: the attacker gets V_t (1 - e x_t), the defender loses it."""
        covered = values * (1 - effectiveness)
        return cls(-covered, -values, covered, values)

    @property
    def relief(self) -> Floats:
        """(n,) D_t >= 0, what full coverage of an attacked target is worth to the defender."""
        return self.defender_covered - self.defender_uncovered

    @property
    def drop(self) -> Floats:
        """(n,) F_t >= 0, what full coverage of a target takes from its attacker; tiny drops are 0."""
        drop = self.attacker_uncovered - self.attacker_covered
        return np.where(drop > _FLAT * self.attacker_scale, drop, 0.0)

    @property
    def attacker_scale(self) -> float:
        """Size of what the attacker's choice is about, the unit of ties (> 0 always).

        The spread of uncovered payoffs, or what coverage can take from the best of them, whichever is more; penalties far beyond
        all rewards count for less, or ties would be as large as the rewards.
        """
        if self.sizes is not None:
            return self.sizes[0]
        high, low = self.attacker_uncovered, self.attacker_covered
        spread, pressed = float(np.ptp(high)), float(high.max() - low.max())
        drops = np.sort((high - low)[high > low])
        if pressed <= 0:
            pressed = float(drops[(drops.size - 1) // 2]) if drops.size else 0.0
        if spread > _ROUNDING * float(np.abs(high).max()):
            pressed = max(min(pressed, _FAR * spread), pressed / _FAR**2)
        return max(spread, pressed) or float(np.abs(high).max()) or 1.0

    @property
    def defender_scale(self) -> float:
        """Size of the defender's payoffs: from the worst of them to the best (> 0 always)."""
        if self.sizes is not None:
            return self.sizes[1]
        spread = float(self.defender_covered.max() - self.defender_uncovered.min())
        size = float(np.abs(self.defender_uncovered).max())
        return spread if spread > _ROUNDING * size else size or 1.0

    @property
    def is_zero_sum(self) -> bool:
        """Whether what one player gets is exactly what the other loses."""
        return bool(
            (self.defender_covered == -self.attacker_covered).all()
            and (self.defender_uncovered == -self.attacker_uncovered).all()
        )

    @property
    def is_opposed(self) -> bool:
        """Whether the defender loses what the attacker gets, in whatever unit and counted from wherever (to rounding)."""
        if self.is_zero_sum:
            return True
        ours = np.concatenate([self.defender_uncovered, self.defender_covered])
        theirs = np.concatenate([self.attacker_uncovered, self.attacker_covered])
        if not (np.ptp(ours) > 0 and np.ptp(theirs) > 0):
            return False
        rounding = 1e-15 * (np.abs(ours).max() / np.ptp(ours) + np.abs(theirs).max() / np.ptp(theirs))
        lost, got = (ours.max() - ours) / np.ptp(ours), (theirs - theirs.min()) / np.ptp(theirs)
        return bool(np.abs(lost - got).max() <= 8 * rounding)

    def attacker(self, coverage: Floats) -> Floats:
        """(n,) U_a(t, x)."""
        return self.attacker_uncovered * (1 - coverage) + self.attacker_covered * coverage

    def seen(self, coverage: Floats) -> Floats:
        """(n,) U_a(t, x) as the models have it, with negligible drops as none (off by less than a tie)."""
        return self.attacker_uncovered - self.drop * coverage

    def defender(self, coverage: Floats) -> Floats:
        """(n,) U_d(t, x)."""
        return self.defender_uncovered * (1 - coverage) + self.defender_covered * coverage

    def need(self, level: float, lower: Floats, upper: Floats) -> Floats:
        """(n,) least coverage from ``lower`` to ``upper`` that keeps every U_a(t, x) at or below ``level``."""
        above, drop = self.attacker_uncovered - level, self.drop
        share = np.divide(above, drop, out=np.zeros_like(above), where=drop > 0)
        return np.clip(share, lower, upper)


def measured(types: Sequence[Payoffs]) -> tuple[list[Payoffs], float]:
    """The same payoffs of one or several types, counted from each player's best and in units of order 1.

    Args:
        types: Payoffs by type. The defender's keep one unit over all types, for they are added up; each type's
            attacker has his own, except that a type who gains what the defender loses keeps doing so to the
            last digit.

    Returns:
        list of Payoffs: With the same best plans and responses.
        float: The defender's unit: differences of the defender's payoffs times it are those of the ones given.
    """
    unit = max(payoffs.defender_scale for payoffs in types)
    return [_counted_from_best(payoffs, unit) for payoffs in types], unit


def _counted_from_best(payoffs: Payoffs, unit: float) -> Payoffs:
    best = float(payoffs.defender_covered.max())
    covered, uncovered = (
        _on_grid((t - best) / unit) for t in (payoffs.defender_covered, payoffs.defender_uncovered)
    )
    size = payoffs.defender_scale / unit
    if payoffs.is_opposed:
        theirs = float(np.ptp(np.concatenate([payoffs.attacker_covered, payoffs.attacker_uncovered])))
        ours = float(np.ptp(np.concatenate([payoffs.defender_covered, payoffs.defender_uncovered])))
        gain = payoffs.attacker_scale * (ours / theirs if theirs > 0 else 1.0) / unit
        return Payoffs(covered, uncovered, -covered, -uncovered, (gain, size))
    own, top = payoffs.attacker_scale, float(payoffs.attacker_uncovered.max())
    low, high = (_on_grid((t - top) / own) for t in (payoffs.attacker_covered, payoffs.attacker_uncovered))
    return Payoffs(covered, uncovered, low, high, (1.0, size))


def _on_grid(table: Floats) -> Floats:
    """Off by less than 1e-13, so that what was equal before subtracting and dividing is equal after."""
    return np.round(table * _GRID) / _GRID


@dataclass(frozen=True, eq=False)
class Response:
    """What a fully informed attacker does against a coverage; ties break in the defender's favour.

    Attributes:
        attack_set: Positions of all targets whose attacker payoff is the largest (to :data:`TIE`).
        attacked: Position of the target in it that is best for the defender; the first of several.
        attacker_utility, defender_utility: Largest attacker payoff; defender's payoff at ``attacked``.
    """

    attack_set: tuple[int, ...]
    attacked: int
    attacker_utility: float
    defender_utility: float


def respond(payoffs: Payoffs, coverage: Floats) -> Response:
    """Best response to a coverage, from the payoffs alone."""
    attacker, defender = payoffs.attacker(coverage), payoffs.defender(coverage)
    level = float(attacker.max())
    tied = np.flatnonzero(attacker >= level - TIE * payoffs.attacker_scale)
    attacked = int(tied[np.argmax(defender[tied])])
    return Response(tuple(tied.tolist()), attacked, level, float(defender[attacked]))


def checked_payoffs(
    zone_ids: Sequence[str],
    defender_covered: ArrayLike,
    defender_uncovered: ArrayLike,
    attacker_covered: ArrayLike,
    attacker_uncovered: ArrayLike,
    *,
    where: str = "",
) -> Payoffs:
    """Payoffs with their shapes, numbers and sign order checked.

    Args:
        zone_ids: Labels of the n targets.
        defender_covered, defender_uncovered, attacker_covered, attacker_uncovered: (n,) payoffs in that order
            of targets.
        where: Whose payoffs these are, put before the message (``"Type 'theft': "``).

    Raises:
        InputError: Naming the field, the target, the value and what is accepted.
    """
    given = (defender_covered, defender_uncovered, attacker_covered, attacker_uncovered)
    tables = [_table(name, table, zone_ids, where) for name, table in zip(FIELDS, given, strict=True)]
    _check_order(zone_ids, tables[1], tables[0], ("defender_covered", ">=", "defender_uncovered"), where)
    _check_order(zone_ids, tables[2], tables[3], ("attacker_covered", "<=", "attacker_uncovered"), where)
    return Payoffs(tables[0], tables[1], tables[2], tables[3])


def _table(name: str, given: ArrayLike, zone_ids: Sequence[str], where: str) -> Floats:
    try:
        table = np.array(given, dtype=float)
    except (TypeError, ValueError):
        raise InputError(
            f"{where}{name} holds something that is not a number: accepted are finite numbers."
        ) from None
    if table.shape != (len(zone_ids),):
        raise InputError(
            f"{where}{name} has shape {table.shape} for {len(zone_ids)} targets: give one number a target."
        )
    wrong = np.flatnonzero(~(np.abs(table) <= _LARGEST))
    if wrong.size:
        i = int(wrong[0])
        raise InputError(
            f"{where}{name} of target {zone_ids[i]!r} is {table[i]!s}: accepted are finite numbers (at most 1e100)."
        )
    table.setflags(write=False)
    return table


def _check_order(
    zone_ids: Sequence[str], low: Floats, high: Floats, rule: tuple[str, str, str], where: str
) -> None:
    """Refuse the first target where ``low`` exceeds ``high``; ``rule`` says it in the fields' names."""
    wrong = np.flatnonzero(low > high)
    if not wrong.size:
        return
    i = int(wrong[0])
    name, sign, other = rule
    value, against = (high[i], low[i]) if sign == ">=" else (low[i], high[i])
    raise InputError(
        f"{where}{name} of target {zone_ids[i]!r} is {value:g} and its {other} is {against:g}: accepted is "
        f"{name} {sign} {other} (coverage helps the defender and hurts the attacker)."
    )
