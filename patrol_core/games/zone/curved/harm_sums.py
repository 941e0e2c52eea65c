r"""Group sums where rules limit the residual harm of groups from above too.

Inside a class coverage still goes where it prevents most, now beyond what the level z asks of every zone:

    G_c(C, z) = max { sum over c of V_t (1 - s_t(x_t)) :  sum x_t = C,  N_t(z) <= x_t <= u_t }

is concave in (C, z) together, and N_c(z) is convex, so the least z is a program over the few C_c, the harm H_c <= G_c prevented in
each class, and z. It is solved by tangent planes, added until they leave no gap. With prices pi_c of coverage in a class and kappa_c
of harm prevented in it, the proof has the weights q_t = pi_c / (V_t s_t') - kappa_c >= 0 of zones at the level.

The least largest rates of residual harm (:class:`RateSums`) are the same without z: F_c = G_c at the floors.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from patrol_core.arrays import Floats
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import RowKey, coupling_rows
from patrol_core.games.zone.certificates import Proof
from patrol_core.games.zone.classes import ZoneClasses
from patrol_core.games.zone.curved.filling import lowest_curved_level, units_for
from patrol_core.games.zone.curved.group_sums import Face, Filled, GroupSums, Level
from patrol_core.games.zone.solve import ZoneGame
from patrol_core.solvers import ArrayLP, HighsProgram, Outcome, Rows

#: All harm, in the unit of the program.
_WHOLE = 1e2

#: Planes and needs may be off by this, relatively; and after so many rounds, by this many times more.
_OFF, _LATE, _LATE_OFF = 1e-11, 40, 1e3

#: Residuals this near the level are at it; slopes below _SEEN are too small for the solver.
_EQUAL, _SEEN = 1e-9, 1e-8

#: Total harm may give way by this share where it is held.
_KEPT = 1e-12

_MOST_ROUNDS = 200
_SECONDS = 60.0


class HarmSums(GroupSums):
    """The phases of one solve; as :class:`~patrol_core.games.zone.curved.group_sums.GroupSums`."""

    def _face(self, filled: Filled, lower: Floats) -> Face:
        """The plans with the same total."""
        prevented = float((self.values * (1 - self.does.left(filled.coverage))).sum())
        least = prevented - _KEPT * float(self.values.sum())
        return Face(lower, self.upper, self.classes.pairs, least=least)

    def _level(self, values: Floats, face: Face) -> Level | None:
        """Least level of these values on a face; None where the rules allow no plan."""
        stuck_at = values * self.does.left(face.upper)
        free = lowest_curved_level(values, self.does, self.game.budget, face.lower, face.upper).value
        stuck, scale = float(stuck_at.max()), max(free, _EQUAL * self.top) or 1.0
        program = _Planes(self, values, face, scale, max(stuck, 0.5 * free))
        found = program.solve(free)
        if found is None:
            return None
        value, prices = found
        needs = units_for(values, self.does, value, face.lower, face.upper)
        count, cell = len(self.classes.lines), self.classes.cell
        pi, kappa = np.zeros(self.classes.size), np.zeros(self.classes.size)
        for y, (_, line, *_) in zip(prices, self.classes.lines, strict=False):
            pi += y * line
        for y, (_, line, _) in zip(prices[count:], self.classes.harm, strict=False):
            kappa -= y * line
        at = (values * self.does.left(needs) >= value * (1 - _EQUAL)) & (values > 0)
        rate = np.where(at, values * self.does.worth(needs), 1.0)
        weights = np.where(
            at, np.maximum(pi[cell] / np.where(rate > 0, rate, np.inf) - kappa[cell], 0.0), 0.0
        )
        if not weights.any():
            weights[int(np.argmax(stuck_at))] = 1.0
        return Level(value, needs, Proof(self.by_row(prices), weights), weights > 0)

    def plane(
        self, values: Floats, face: Face, sums: Floats, level: float
    ) -> tuple[Floats, Floats, Floats, list[tuple[float, tuple[float, ...]]], Floats, NDArray[np.bool_]]:
        """What is needed at a level, how that changes, and what classes prevent there.

        Args:
            values: (n,) values that the level holds.
            face: Plans to choose among.
            sums: (classes,) coverage.
            level: z.

        Returns:
            tuple: N_c and its slope in z; coverage beyond N_c; G_c and its slopes in C_c; what each zone's need is worth at its margin,
            and whether it rests on the level.
        """
        needs = units_for(values, self.does, level, face.lower, face.upper)
        within = self.classes.within(needs, face.upper)
        room = np.maximum(within.upper - within.lower, 0.0)
        room = np.minimum(room, np.maximum(self.game.budget - within.lower.sum(), 0.0) + _EQUAL)
        extra = np.maximum(sums - within.lower, 0.0)
        supplies = self.supplies(needs, face.upper, np.minimum(np.maximum(room, extra), within.upper))
        base = self.classes.sums(self.values * (1 - self.does.left(needs)))
        gains = [(base[c] + h, rates) for c, s in enumerate(supplies) for h, rates in [s.at(float(extra[c]))]]
        margin = values * self.does.worth(needs)
        moving = (needs > face.lower) & (margin > 0)
        fall = np.divide(1.0, margin, out=np.zeros(values.size), where=moving)
        return within.lower, -self.classes.sums(fall), extra, gains, margin, moving


class _Planes:
    """min z / s under the rules and the planes so far; columns C, H in their unit, z / s, and pair variables."""

    def __init__(self, game: HarmSums, values: Floats, face: Face, scale: float, least: float) -> None:
        self.game, self.values, self.face, self.scale = game, values, face, scale
        classes = replace(game.classes.within(face.lower, face.upper), pairs=face.pairs)
        self.count = count = classes.size
        self.unit = float(game.values.sum()) / _WHOLE or 1.0
        rows = Rows()
        classes.add_rules(rows, 0, 2 * count + 1, face.tight)
        for line, limit in game.held(face):
            rows.add((count + np.arange(count)).tolist(), (line * self.unit).tolist(), -np.inf, limit)
        self.rules = len(rows)
        most = classes.sums(game.values * (1 - game.does.left(face.upper))) / self.unit
        zeros, pairs = np.zeros(count), np.zeros(classes.pairs.size)
        top = max(float(values.max()), least)
        self.lp = ArrayLP(
            np.concatenate([zeros, zeros, [1.0], pairs]),
            np.concatenate([classes.lower, zeros, [least / scale], pairs]),
            np.concatenate([classes.upper, most, [top / scale], classes.pairs]), rows,
        )  # fmt: skip

    def solve(self, free: float) -> tuple[float, Floats] | None:
        """Level and prices of the rules' rows, from the level without them; None where they allow no plan."""
        classes = self.game.classes
        for level in (free, 2 * free):
            needs = classes.sums(
                units_for(self.values, self.game.does, level, self.face.lower, self.face.upper)
            )
            spare = max(self.game.game.budget - float(needs.sum()), 0.0)
            self.cut(needs + spare / self.count, np.zeros(self.count) + np.inf, level, 0.0)
        for nth in range(_MOST_ROUNDS):
            found = self.lp.solve(_SECONDS)
            if found.status is Status.INFEASIBLE:
                return None
            if found.status is not Status.OPTIMAL:
                raise SolverError(f"HiGHS ended as {found.status} on a program of {self.count} group sums.")
            level = self.scale * float(found.columns[2 * self.count])
            prices = self.scale * np.maximum(-found.row_duals[: self.rules], 0.0)
            off = _OFF * (1.0 if nth < _LATE else _LATE_OFF)
            sums, claimed = found.columns[: self.count], found.columns[self.count : 2 * self.count]
            if not self.cut(sums, claimed * self.unit, level, off):
                return level, prices
        raise SolverError("The planes of group sums did not settle; please report the game.")

    def cut(self, sums: Floats, claimed: Floats, level: float, off: float) -> bool:
        """Planes through a point that it breaks; whether there were any.

        Args:
            sums: (classes,) coverage.
            claimed: (classes,) harm prevented, as the program has it.
            level: z.
            off: By how much it may break them.
        """
        game, count, rows = self.game, self.count, Rows()
        needs, slope, extra, gains, margin, moving = game.plane(self.values, self.face, sums, level)
        for c in np.flatnonzero(needs - sums > off * (1.0 + needs)).tolist():
            # C_c >= N_c + N_c' (z - level)
            rows.add(
                [c, 2 * count], [1.0, -slope[c] * self.scale], float(needs[c] - slope[c] * level), np.inf
            )
        over = claimed - np.array([harm for harm, _ in gains])
        broken = np.flatnonzero(over > off * _WHOLE * self.unit)
        for rates in (np.array([r[0] for _, r in gains]), np.array([r[-1] for _, r in gains])):
            # a need on its zone's margin gives back what it cost, less what it prevented
            back = np.where(moving, rates[game.classes.cell] / np.where(moving, margin, 1.0) - 1.0, 0.0)
            lift = game.classes.sums(np.maximum(back, 0.0))
            for c in broken.tolist():
                at = float(needs[c] + extra[c])
                limit = gains[c][0] - rates[c] * at - lift[c] * level
                entries = {
                    count + c: 1.0, c: -rates[c] / self.unit, 2 * count: -lift[c] * self.scale / self.unit
                }  # fmt: skip
                entries = {column: float(v) for column, v in entries.items() if abs(v) > _SEEN}
                rows.add(list(entries), list(entries.values()), -np.inf, float(limit / self.unit))
        self.lp.add_rows(rows)
        return len(rows) > 0


class RateSums:
    """min m under the rules, with rows of the groups' residual harm against m; columns C, H in their unit, m, and pair variables.

    Args:
        game: A curved game without max-min rules.
        classes: Its classes, by all its groups.
    """

    def __init__(self, game: ZoneGame, classes: ZoneClasses) -> None:
        self.game, self.classes, self.rows = game, classes, coupling_rows(game)
        sums = GroupSums(game, classes)
        count, self.unit = classes.size, float(game.values.sum()) / _WHOLE or 1.0
        self.lower, self.upper = sums.lower, sums.upper
        room = np.minimum(classes.upper - classes.lower, max(game.budget - float(classes.lower.sum()), 0.0))
        self.supplies, self.m = sums.supplies(self.lower, self.upper, room), 2 * count
        self.base = classes.sums(game.values * (1 - game.does.left(self.lower)))
        rows = Rows()
        classes.add_rules(rows, 0, 2 * count + 1)
        self.first_rate = len(rows)
        for group in game.groups:
            inside = np.flatnonzero(np.bincount(classes.cell[game.members(group)], minlength=count))
            start = float(game.harm.start[game.members(group)].sum())
            rows.add((count + inside).tolist(), [-1 / _WHOLE] * inside.size, -np.inf, -start)
        self.width = 2 * count + 1 + classes.pairs.size
        most = classes.sums(game.values * (1 - game.does.left(self.upper))) / self.unit
        zeros, pairs = np.zeros(count), np.zeros(classes.pairs.size)
        self.program = HighsProgram(
            np.concatenate([zeros, zeros, [1.0], pairs]), rows.matrix(self.width), rows.sides,
            (np.concatenate([classes.lower, zeros, [0.0], pairs]), np.concatenate([classes.upper, most, [np.inf], classes.pairs])),
            presolve="off", primal_feasibility_tolerance=1e-10, dual_feasibility_tolerance=1e-10,
        )  # fmt: skip
        for share in (0.0, 0.25, 0.5, 1.0):
            self._cut(range(count), share * room)

    def _cut(self, classes: Iterable[int], extra: Floats) -> None:
        rows, count = Rows(), self.classes.size
        for c in classes:
            harm, rates = self.supplies[c].at(float(extra[c]))
            for rate in rates:
                line = rate / self.unit if rate / self.unit > _SEEN else 0.0
                limit = (self.base[c] + harm) / self.unit - line * float(self.classes.lower[c] + extra[c])
                columns, values = ([count + c, c], [1.0, -line]) if line else ([count + c], [1.0])
                rows.add(columns, values, -np.inf, limit)
        self.program.add_rows(*rows.sides, rows.starts[:-1], rows.columns, rows.values)

    def solve(self) -> Outcome | None:
        """With planes added until they leave no gap; None where the rules allow no plan."""
        count = self.classes.size
        for nth in range(_MOST_ROUNDS):
            found = self.program.run()
            if found.status is Status.INFEASIBLE:
                return None
            if found.status is not Status.OPTIMAL:
                raise SolverError(f"HiGHS ended as {found.status} while the max-min rate was worked out.")
            extra = np.maximum(found.columns[:count] - self.classes.lower, 0.0)
            true = self.base + np.array(
                [s.at(float(y))[0] for s, y in zip(self.supplies, extra, strict=True)]
            )
            off = _OFF * _WHOLE * (1.0 if nth < _LATE else _LATE_OFF)
            over = np.flatnonzero(found.columns[count : 2 * count] - true / self.unit > off)
            if not over.size:
                return found
            self._cut(over.tolist(), extra)
        raise SolverError("The planes of group sums did not settle; please report the game.")

    def coverage(self, found: Outcome) -> Floats:
        """(n,) units."""
        x = self.lower.copy()
        extra = np.maximum(found.columns[: self.classes.size] - self.classes.lower, 0.0)
        for supply, more in zip(self.supplies, extra.tolist(), strict=True):
            supply.spread(x, self.upper, more)
        return x

    def prices(self, found: Outcome, unit: float) -> dict[RowKey, float]:
        """Prices of the rules' rows."""
        duals = found.row_duals[: len(self.classes.lines)]
        return {
            key: -float(y) * unit for (key, *_), y in zip(self.classes.lines, duals, strict=True) if y < 0
        }
