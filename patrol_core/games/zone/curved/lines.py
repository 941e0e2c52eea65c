r"""Zone games with a curved response as linear programs, with lines below each zone's curve added where they bind.

    columns  x_t in [l_t, u_t] units;  p_t share prevented;  v worst case / s;  one a pair that a rule compares
    p_t <= 1 - line(x_t)          for lines below s_t found so far
    (s / V_t) v + p_t >= 1        worst case
    rules                         rows over x, and over p where they limit residual harm from above

Every use of p_t wants it large, so the lines alone hold it down, and once no p_t is above the curve the program is the game. It
takes every rule; where rules speak of group sums alone, :mod:`~patrol_core.games.zone.curved.group_sums` does the same faster.

Residual harm of groups, lexicographic (:func:`residual_levels`): max m with sum over g of share_t p_t + p_g m >= what g has
unopposed, groups whose row has a price settled level by level, as in :mod:`~patrol_core.games.zone.max_min`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from patrol_core.arrays import Floats, Indices
from patrol_core.certificate import Status
from patrol_core.errors import SolverError
from patrol_core.games.rules import CapRow, PairRow, RowKey, coupling_rows, priced
from patrol_core.games.zone.certificates import Proof, least_curved, residuals
from patrol_core.games.zone.classes import classes_of
from patrol_core.games.zone.conflicts import explain_conflict
from patrol_core.games.zone.curved.filling import free_level, spend_best_first, units_for
from patrol_core.games.zone.curved.harm_sums import RateSums
from patrol_core.games.zone.solve import Attainable, ZoneGame
from patrol_core.solvers import HighsProgram, Outcome

#: A share prevented this little above the curve is on it.
_ON = 3e-10

#: Rounds after which it may be this many times more.
_LATE, _LATE_ON = 30, 100.0

_MOST_ROUNDS, _MOST_LEVELS = 200, 200

#: How far the level, or the total, may give way in the second phase.
_SLACKS = (0.0, 1e-10, 1e-9, 1e-8)

#: Largest gap between a max-min level found and proved, in units of the rates' size; and duals that settle a group.
_GAP, _SETTLED = 1e-6, 1e-7

#: Slopes below this are too small for the solver.
_SEEN = 1e-11


class _Program:
    """The program of the module docstring; ``rates`` are groups with rows that speak of m in place of v."""

    def __init__(self, game: ZoneGame, *, scale: float = 1.0, groups: Sequence[Indices] = ()) -> None:
        self.game, self.does, self.scale, n = game, game.does, scale, game.size
        self.lower, self.upper = game.bounds()
        self.rows = coupling_rows(game)
        self.keys = list(self.rows)
        # no worst case is below s: a zone worth less has nothing to say
        self.attacked = (
            np.flatnonzero(game.values > scale * (1 - 1e-9)) if not groups else np.zeros(0, dtype=np.intp)
        )
        pairs = {
            pair: i
            for i, pair in enumerate(
                sorted({(row.cap, row.pair) for row in self.rows.values() if isinstance(row, PairRow)})
            )
        }
        self.width = 2 * n + 1 + len(pairs)
        matrix, most = self._rules(pairs)
        slope = sparse.coo_array(
            (
                scale / game.values[self.attacked],
                (np.arange(self.attacked.size), np.full(self.attacked.size, 2 * n)),
            ),
            shape=(self.attacked.size, self.width),
        )
        prevented = sparse.coo_array(
            (np.ones(self.attacked.size), (np.arange(self.attacked.size), n + self.attacked)),
            shape=slope.shape,
        )
        attack = slope + prevented
        rates = sparse.csr_array(np.array([self._rate(at) for at in groups]).reshape(len(groups), self.width))
        nothing = np.full(len(self.keys) + len(groups), -np.inf)
        held = np.array([-float(game.harm.start[at].sum()) for at in groups])
        self.first_rate = len(self.keys)
        self.first_attack = self.first_rate + len(groups)
        self.program = HighsProgram(
            np.zeros(self.width), sparse.vstack([matrix, rates, attack]),
            (np.append(nothing, np.ones(self.attacked.size)), np.concatenate([most, held, np.full(self.attacked.size, np.inf)])),
            self._bounds(self.lower, self.upper), presolve="off", primal_feasibility_tolerance=1e-10,
            dual_feasibility_tolerance=1e-10, small_matrix_value=1e-12,
        )  # fmt: skip
        self.every = np.arange(self.width, dtype=np.int32)
        self.m = 2 * n
        self.want(worst=1.0, prevented=0.0)
        self._first_lines()

    def _rules(self, pairs: dict[tuple[RowKey, int], int]) -> tuple[sparse.csr_array, Floats]:
        n, lines = self.game.size, []
        for key, row in self.rows.items():
            line = np.zeros(self.width)
            line[: row.coefficients.size] = row.coefficients
            if isinstance(row, PairRow):
                line[2 * n + 1 + pairs[row.cap, row.pair]] = -1.0
            elif isinstance(row, CapRow):
                line[[2 * n + 1 + i for (cap, _), i in pairs.items() if cap == key]] = 1.0
            lines.append(sparse.csr_array(line.reshape(1, -1)))
        return sparse.vstack(lines, format="csr"), np.array([row.limit for row in self.rows.values()])

    def _rate(self, at: Indices) -> Floats:
        """-sum share_t p_t - m p_g <= -what the group has unopposed; the entry of m is set by the caller."""
        line = np.zeros(self.width)
        line[self.game.size + at] = -self.game.harm.relief[at]
        return line

    def _bounds(self, lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
        free = self.width - 2 * lower.size
        most = 1 - self.does.left(upper)
        return (
            np.concatenate([lower, np.zeros(lower.size), np.zeros(free)]),
            np.concatenate([upper, most, np.full(free, np.inf)]),
        )

    def _first_lines(self) -> None:
        """Where the plan without coupling rules is, and a little to both sides."""
        game = self.game
        needed = units_for(game.values, self.does, free_level(game).value, self.lower, self.upper)
        guess, _ = spend_best_first(
            game.values, self.does, max(game.budget, float(needed.sum())), needed, self.upper
        )
        for x in (self.lower, 0.5 * guess, guess, guess + 1.0):
            self.add_lines(np.arange(game.size), np.clip(x, self.lower, self.upper))

    def add_lines(self, zones: Indices, x: Floats) -> bool:
        """Lines that touch the curves of these zones at x (all zones' units); whether there was one."""
        zones = zones[self.does.worth(x)[zones] > _SEEN]
        left, slope = (part[zones] for part in self.does.line(x))
        # p + left - slope x <= 1
        entries = np.stack([np.ones(zones.size), -slope], axis=1).ravel()
        columns = np.stack([self.game.size + zones, zones], axis=1).ravel()
        count = zones.size
        if count:
            self.program.add_rows(np.full(count, -np.inf), 1 - left, 2 * np.arange(count), columns, entries)
        return count > 0

    def solve(self, lower: Floats | None = None) -> Outcome | None:
        """With units at or above ``lower``; None where the rules allow no plan."""
        low, high = self._bounds(self.lower if lower is None else lower, self.upper)
        self.program.set_bounds(self.every, low, high)
        n = self.game.size
        for nth in range(_MOST_ROUNDS):
            found = self.program.run()
            if found.status is Status.FAILED:  # rows of many sizes: a wider tolerance, from scratch
                self.program.set_options(primal_feasibility_tolerance=1e-8, dual_feasibility_tolerance=1e-8)
                self.program.forget()
                found = self.program.run()
            if found.status is Status.INFEASIBLE:
                return None
            if found.status is not Status.OPTIMAL:
                raise SolverError(
                    f"HiGHS ended as {found.status} after {found.seconds:.1f} s, without a proved plan: try fewer zones or rules."
                )
            x, p = self.coverage(found), found.columns[n : 2 * n]
            over = np.flatnonzero(p > 1 - self.does.left(x) + _ON * (1.0 if nth < _LATE else _LATE_ON))
            if not over.size:
                return found
            if not self.add_lines(over, x):
                return found
            if self.game.response != "log":  # a corner: the line to its left too
                self.add_lines(over, np.clip(np.ceil(x) - 1, 0.0, None))
        raise SolverError("The lines below the response did not settle; please report the game.")

    def coverage(self, found: Outcome) -> Floats:
        """(n,) units."""
        return np.clip(found.columns[: self.game.size], self.lower, self.upper)

    def want(self, *, worst: float, prevented: float) -> None:
        """The objective: so much of v (or m), less so much of what is prevented, in units of the largest value."""
        cost = np.zeros(self.width)
        cost[self.game.size : 2 * self.game.size] = (
            -prevented * self.game.values / (self.game.values.max() or 1.0)
        )
        cost[2 * self.game.size] = worst
        self.program.set_costs(self.every, cost)

    def prices(self, found: Outcome, unit: float) -> dict[RowKey, float]:
        """Prices of the rules' rows."""
        duals = found.row_duals[: len(self.keys)]
        return {key: -float(y) * unit for key, y in zip(self.keys, duals, strict=True) if y < 0}

    def attack_weights(self, found: Outcome) -> Floats:
        """(n,) q_t."""
        weights = np.zeros(self.game.size)
        duals = found.row_duals[self.first_attack : self.first_attack + self.attacked.size]
        weights[self.attacked] = np.maximum(duals, 0.0) * self.scale / self.game.values[self.attacked]
        return weights

    def settle(self, zones: Indices) -> None:
        """Take the attack rows of these zones out."""
        for row in np.searchsorted(self.attacked, zones).tolist():
            self.program.set_row(self.first_attack + row, -np.inf, np.inf)


class Lines:
    """The phases of one solve; hold no lock around it.

    Args:
        game: A curved game, with any rules.

    Raises:
        InfeasibleError: If the rules cannot all be met.
    """

    def __init__(self, game: ZoneGame) -> None:
        self.game = game
        self.lower, self.upper = game.bounds()
        if (self.lower > self.upper).any() or self.lower.sum() > game.budget * (1 + 1e-12):
            explain_conflict(game)
        self.top = float(game.values.max())
        level = free_level(game).value
        self.program = _Program(game, scale=max(level, 1e-9 * self.top) or 1.0)

    def worst_case(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least worst case, then least expected residual."""
        program, values = self.program, self.game.values
        program.want(worst=1.0, prevented=0.0)
        found = self._found(program.solve())
        weights = program.attack_weights(found)
        if not weights.any():
            weights[int(np.argmax(values * self.game.left(self.upper)))] = 1.0
        proof = Proof(program.prices(found, program.scale), weights)
        level = float(residuals(self.game, program.coverage(found)).max())
        program.want(worst=0.0, prevented=1.0)
        for slack in _SLACKS:
            needed = units_for(values, self.game.does, level * (1 + slack), self.lower, self.upper)
            second = program.solve(needed)
            if second is not None:
                x, phases = program.coverage(second), ("worst-case", "expected-residual")
                if lexicographic:
                    return self._in_turn(x, needed), proof, (*phases, "lexicographic")
                return np.clip(x, needed, self.upper), proof, phases
        return program.coverage(found), proof, ("worst-case",)

    def total(self, *, lexicographic: bool) -> tuple[Floats, Proof, tuple[str, ...]]:
        """Least expected residual, then least worst case."""
        program = self.program
        program.want(worst=0.0, prevented=1.0)
        found = self._found(program.solve())
        proof, phases = Proof(program.prices(found, self.top), None), ("expected-residual", "worst-case")
        x = self._in_turn(program.coverage(found), self.lower, rounds=_MOST_LEVELS if lexicographic else 1)
        return x, proof, (*phases, "lexicographic") if lexicographic else phases

    def _in_turn(self, coverage: Floats, lower: Floats, *, rounds: int = _MOST_LEVELS) -> Floats:
        """Worst zone, then second worst, ... among the plans with this total.

        Args:
            coverage: (n,) one of them.
            lower: (n,) lower bounds on units.
            rounds: Worst zones to settle.
        """
        if self.game.response == "log":  # strictly concave: there is no other
            return coverage
        program, share = self.program, self.game.values / (self.top or 1.0)
        kept = float(share @ (1 - self.game.left(coverage))) - 1e-10 * float(share.sum())
        some = np.flatnonzero(share)
        program.program.add_rows(
            np.array([kept]), np.array([np.inf]), [0], self.game.size + some, share[some]
        )
        program.want(worst=1.0, prevented=0.0)
        lower = lower.copy()
        for _ in range(rounds):
            found = program.solve(lower)
            if found is None:
                break
            coverage = program.coverage(found)
            settled = np.flatnonzero(program.attack_weights(found) > 0)
            if not settled.size:
                break
            lower[settled] = coverage[settled]
            program.settle(settled)
        return coverage

    def _found(self, found: Outcome | None) -> Outcome:
        if found is None:
            explain_conflict(self.game)
        return found


def residual_levels(game: ZoneGame, members: Sequence[Indices]) -> Attainable:
    """Extreme and leximin rates of residual harm of a curved game's groups.

    Args:
        game: The game, without max-min rules.
        members: Positions of each group's zones.

    Raises:
        InfeasibleError: If the rules cannot all be met.
        SolverError: If a level could not be proved.
    """
    classes = classes_of(game, of_harm=True) if game.stated is None else None
    if classes is not None:
        try:
            return _levels(game, members, RateSums(game, classes))
        except SolverError:  # values of many sizes: zone by zone they keep their digits
            pass
    return _levels(game, members, _Program(game, groups=members))


def _levels(game: ZoneGame, members: Sequence[Indices], program: _Program | RateSums) -> Attainable:
    """Level by level, as :func:`residual_levels` says."""
    shares = np.array([game.population_share(group) for group in game.groups])
    start = np.array([float(game.harm.start[at].sum()) for at in members])
    unit = float((start / shares).max()) or 1.0
    m, first = program.m, program.first_rate
    for g in range(len(members)):
        program.program.set_entry(first + g, m, -float(shares[g]) * unit)
    open_, levels = np.ones(len(members), dtype=bool), np.zeros(len(members))
    extreme: tuple[float, float] | None = None
    rates = levels
    while open_.any():
        found = program.solve()
        if found is None and extreme is None:
            explain_conflict(game)
        if found is None:  # what is held can be had: rounding says otherwise
            levels[open_] = rates[open_]
            break
        harm = game.harm.start * game.left(program.coverage(found))
        rates = np.array([float(harm[at].sum()) for at in members]) / shares
        level = float(rates[open_].max())
        weights = np.maximum(-found.row_duals[first : first + len(members)], 0.0)
        bound = _proved(program, found, (weights, shares, levels), open_)
        if not level - bound <= _GAP * max(unit, level):
            raise SolverError(f"The max-min rate {level:.6g} was found but only {bound:.6g} is proved.")
        extreme = extreme or (level, min(level, bound))
        duals = np.where(open_, weights * shares, 0.0)
        hit = open_ & (duals > _SETTLED)
        hit = hit if hit.any() else open_ & (duals >= duals[open_].max())
        for row in np.flatnonzero(hit).tolist():
            levels[row] = level
            program.program.set_entry(first + row, m, 0.0)
            program.program.set_row(first + row, -np.inf, float(level * shares[row] - start[row]))
        open_ &= ~hit
    assert extreme is not None
    return Attainable(extreme[0], np.maximum(levels, rates), extreme[1])


def _proved(
    program: _Program | RateSums,
    found: Outcome,
    parts: tuple[Floats, Floats, Floats],
    open_: NDArray[np.bool_],
) -> float:
    """Lower bound on the least largest rate of the open groups, by weak duality without the model.

    Args:
        program, found: The program and how it was solved.
        parts: Prices of the groups' rows, shares of people, and levels of those settled.
        open_: Groups that are not settled.
    """
    (weights, shares, levels), game = parts, program.game
    whole = float((weights * shares)[open_].sum())
    if not whole > 0:  # no harm is left where m rests on nothing
        return 0.0
    weights = weights / whole
    harm, constant = np.zeros(game.size), 0.0
    for g, group in enumerate(game.groups):
        at = game.members(group)
        harm[at] += weights[g] * game.harm.start[at]
        constant -= 0.0 if open_[g] else weights[g] * levels[g] * shares[g]
    slope, extra = priced(program.rows, program.prices(found, 1 / whole), 2 * game.size)
    return max(constant + extra + least_curved(game, harm, slope), 0.0)
