r"""The exact value of the checkpoint game by a double oracle.

A small matrix game between known deployments and known paths is solved; then each side looks for a better answer in the whole
game. The intruder's answer is exact (:mod:`patrol_core.graphs.checkpoints.intruder`) and gives a lower bound on the value. The
defender's answer, the *r* edges that stop most of a mix of paths, is a maximum-coverage problem: a greedy choice first, and when
that no longer helps an integer program, whose bound is an upper bound on the value:

.. math::
    \max \sum_j w_j y_j \;\text{ s.t. }\; y_j \le f(k) + (f(k+1) - f(k))(n_j - k),\; n_j = \sum_{e \in P_j} u_e,\;
    \sum_e u_e \le r,\; u \in \{0,1\}

with :math:`f(n) = 1 - (1-\delta)^n`. When both bounds meet, the strategy is proved optimal. The start is RANGER's marginals by radius and by
comb, which often are optimal already. Source: Jain et al. (2011), AAMAS.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from patrol_core.arrays import Floats
from patrol_core.certificate import Certificate, Status, relative_gap
from patrol_core.errors import SolverError
from patrol_core.games.matrix import equilibrium
from patrol_core.graphs.checkpoints.defender_oracle import Marginals, ranger
from patrol_core.graphs.checkpoints.game import CheckpointGame, JointStrategy, joined
from patrol_core.graphs.checkpoints.intruder import BestPaths, best_paths
from patrol_core.graphs.checkpoints.sampling import comb, radius
from patrol_core.solvers import LOCK, HighsSession, pyo

CLOSE = 1e-6
"""Relative distance of the bounds at which the value counts as proved."""
PAYOFF = "the defender's expected payoff against an intruder who knows the chances and answers best, in the unit of the payoffs: more is better"
ROUNDS = 2000


@dataclass(frozen=True, eq=False)
class CheckpointPlan:
    """A strategy and what is proved about it.

    Attributes:
        game: What was solved.
        strategy: Deployments and their chances.
        value: True payoff of the strategy against an intruder who answers best.
        ranger_bound: RANGER's upper bound on any strategy.
        approach: The intruder's best path.
        certificate: Objective (the value), proved upper bound, gap, seconds.
        history: (seconds, lower bound, upper bound) after every round, for the curve of convergence.
    """

    game: CheckpointGame
    strategy: JointStrategy
    value: float
    ranger_bound: float
    approach: BestPaths
    certificate: Certificate
    history: tuple[tuple[float, float, float], ...]


def sampled(game: CheckpointGame, method: str, found: Marginals | None = None) -> CheckpointPlan:
    """The strategy of RANGER's marginals by ``ranger+radius`` or ``ranger+comb``, with its true value.

    Args:
        game: As given.
        method: ``ranger+radius`` or ``ranger+comb``.
        found: RANGER's marginals of this game, where they are known already.
    """
    own = game.in_own_units()
    known = ranger(own) if found is None else replace(found, bound=game.units.of_one(found.bound))
    return _in_given_units(game, _sampled(own, method, known))


def _sampled(game: CheckpointGame, method: str, found: Marginals) -> CheckpointPlan:
    started = time.perf_counter()
    strategy = (radius if method == "ranger+radius" else comb)(game, found)
    seen = best_paths(game, strategy)
    certificate = _certificate(game, seen.bound, found.bound, method, started)
    return CheckpointPlan(game, strategy, seen.bound, found.bound, seen, certificate, ())


def _certificate(
    game: CheckpointGame,
    lower: float,
    upper: float,
    solver: str,
    started: float,
    phases: tuple[str, ...] = (),
) -> Certificate:
    """Of a plan in own units: optimal only where the bounds have met."""
    upper = max(upper, lower)
    status = Status.OPTIMAL if _closed(game, lower, upper) else Status.STOPPED_WITH_PLAN
    return Certificate(
        status, lower, upper, _apart(game, lower, upper), solver, time.perf_counter() - started, phases
    )


def _apart(game: CheckpointGame, lower: float, upper: float) -> float:
    """Gap of two bounds in own units, relative to the loss."""
    return relative_gap(lower, upper, float(game.losses.max()))


def _closed(game: CheckpointGame, lower: float, upper: float) -> bool:
    return upper <= lower or _apart(game, lower, upper) <= CLOSE


def _in_given_units(game: CheckpointGame, plan: CheckpointPlan) -> CheckpointPlan:
    """A plan in own units as one of the game given; optimal only where the gap is closed in these units too."""
    units, proof = game.units, plan.certificate
    apart = units.gap(proof.objective, proof.bound)
    met = proof.status is Status.OPTIMAL and apart <= CLOSE
    return replace(
        plan,
        game=game,
        value=units.back(plan.value),
        ranger_bound=units.back(plan.ranger_bound),
        approach=replace(
            plan.approach, value=units.back(plan.approach.value), bound=units.back(plan.approach.bound)
        ),
        certificate=replace(
            proof,
            status=Status.OPTIMAL if met else Status.STOPPED_WITH_PLAN,
            objective=units.back(proof.objective),
            bound=units.back(proof.bound),
            gap=apart,
            objective_is=PAYOFF,
        ),
        history=tuple((at, units.back(low), units.back(high)) for at, low, high in plan.history),
    )


def solve_exact(
    game: CheckpointGame,
    *,
    time_limit: float = 60.0,
    stop: Callable[[float, float], bool] | None = None,
) -> CheckpointPlan:
    """The optimal strategy, proved, or the best so far with its gap when time is up.

    Args:
        game: As given; it is solved in units of its own.
        time_limit: Seconds.
        stop: Asked after every round, and in long searches for a path, with lower and upper bound; True ends
            the search with what there is.
    """
    back = game.units.back
    asked = None if stop is None else lambda low, high: bool(stop(back(low), back(high)))
    return _in_given_units(game, _exact(game.in_own_units(), time_limit, asked))


def _exact(
    game: CheckpointGame, time_limit: float, stop: Callable[[float, float], bool] | None
) -> CheckpointPlan:
    """See :func:`solve_exact`; all in own units."""
    started = time.perf_counter()

    def give_up() -> bool:
        return time.perf_counter() - started > time_limit or (stop is not None and stop(lower, upper))

    marginals = ranger(game)
    best = max(
        (_sampled(game, name, marginals) for name in ("ranger+radius", "ranger+comb")),
        key=lambda plan: plan.value,
    )
    lower, upper = best.value, marginals.bound
    strategy, approach = best.strategy, best.approach
    history = [(time.perf_counter() - started, lower, upper)]
    sets = list(dict.fromkeys([*radius(game, marginals).sets, *comb(game, marginals).sets]))[:400]
    paths: dict[tuple[int, ...], int] = {}
    _add_paths(paths, approach)
    for _ in range(ROUNDS):
        if _closed(game, lower, upper) or time.perf_counter() - started > time_limit:
            break
        chance, mix = _matrix_game(game, sets, paths)
        mixed = joined(list(zip(sets, chance.tolist(), strict=True)))
        new_path = False
        # Half-way to the best strategy so far as well: its paths cut off more, and it is often better than both.
        for tried in (mixed, blended(strategy, mixed)):
            seen = best_paths(game, tried, every_target=True, give_up=give_up)
            new_path |= _add_paths(paths, seen)
            if seen.bound > lower:
                lower, strategy, approach = seen.bound, tried, seen
        if give_up():
            history.append((time.perf_counter() - started, lower, upper))
            break
        # The intruder first: cheap and exact. Only when no path is new does the defender have to answer exactly.
        answer, proved = _better_set(
            game, paths, mix, sets, exact=not new_path, left=time_limit - (time.perf_counter() - started)
        )
        upper = min(upper, proved)
        new_set = answer not in sets
        if new_set:
            sets.append(answer)
        history.append((time.perf_counter() - started, lower, upper))
        if (stop is not None and stop(lower, upper)) or not (new_set or new_path):
            break
    name = "double oracle (label search, HiGHS coverage)"
    certificate = _certificate(game, lower, upper, name, started, ("ranger", "double oracle"))
    return CheckpointPlan(game, strategy, lower, marginals.bound, approach, certificate, tuple(history))


def blended(one: JointStrategy, other: JointStrategy) -> JointStrategy:
    """Each with chance one half."""
    pairs = [*zip(one.sets, one.probability.tolist(), strict=True)]
    return joined([*pairs, *zip(other.sets, other.probability.tolist(), strict=True)])


def _add_paths(paths: dict[tuple[int, ...], int], seen: BestPaths) -> bool:
    """Note the paths of a search; True when one was new."""
    before = len(paths)
    for target, approach in seen.found.items():
        paths.setdefault((target, *approach.edges), target)
    return len(paths) > before


def _stopped(game: CheckpointGame, sets: list[tuple[int, ...]], paths: dict[tuple[int, ...], int]) -> Floats:
    """Chance that each set stops each path, shape (sets, paths)."""
    edges = game.network.size
    placed = np.zeros((len(sets), edges), dtype=np.int32)
    for row, chosen in enumerate(sets):
        placed[row, list(chosen)] = 1
    passed = np.zeros((edges, len(paths)), dtype=np.int32)
    for column, path in enumerate(paths):
        passed[list(path[1:]), column] = 1
    return np.asarray(1.0 - (1.0 - game.detection) ** (placed @ passed))


def _matrix_game(
    game: CheckpointGame, sets: list[tuple[int, ...]], paths: dict[tuple[int, ...], int]
) -> tuple[Floats, Floats]:
    """Equilibrium of the small game: chances of the sets and of the paths."""
    targets = np.array(list(paths.values()))
    return equilibrium(game.capture - game.losses[targets] * (1.0 - _stopped(game, sets, paths)))


def _better_set(
    game: CheckpointGame,
    paths: dict[tuple[int, ...], int],
    mix: Floats,
    sets: list[tuple[int, ...]],
    *,
    exact: bool,
    left: float,
) -> tuple[tuple[int, ...], float]:
    """The defender's answer to a mix of paths, and what is proved about every answer (infinite unless exact)."""
    keys = list(paths)[: len(mix)]  # paths found since the mix was made are not in it
    targets = np.array([paths[key] for key in keys])
    used = np.flatnonzero(mix > 1e-12)
    weights = mix[used] * game.losses[targets[used]]
    base = game.capture - float(mix @ game.losses[targets])
    chosen_paths = [keys[k][1:] for k in used]
    greedy = _greedy(game, chosen_paths, weights)
    if not exact and greedy not in sets:
        return greedy, np.inf
    answer, bound = coverage(game, chosen_paths, weights, time_limit=left)
    return answer, base + bound


def _greedy(game: CheckpointGame, paths: list[tuple[int, ...]], weights: Floats) -> tuple[int, ...]:
    left = weights.astype(float).copy()
    chosen: list[int] = []
    for _ in range(game.checkpoints):
        gain: dict[int, float] = {}
        for path, weight in zip(paths, left, strict=True):
            if weight > 0:
                for edge in path:
                    gain[edge] = gain.get(edge, 0.0) + weight
        free = [e for e in gain if game.network.guardable[e] and e not in chosen]
        if not free:
            break
        best = max(free, key=lambda edge: (gain[edge], -edge))
        chosen.append(best)
        for k, path in enumerate(paths):
            if best in path:
                left[k] *= 1.0 - game.detection
    return tuple(sorted(chosen))


def coverage(
    game: CheckpointGame, paths: list[tuple[int, ...]], weights: Floats, *, time_limit: float = 60.0
) -> tuple[tuple[int, ...], float]:
    """The edges that stop most of weighted paths, and a proved bound on that.

    ``game`` says how many and which edges, ``weights`` what each of the ``paths`` counts, and ``time_limit`` is in seconds.
    Edges on the same paths are one choice (as long as one checkpoint is all they could use); an edge on a part of the paths of another is
    left out.

    Raises SolverError when the program ends without a plan.
    """
    groups = _choices(game, paths)
    if not groups:
        return (), 0.0
    with LOCK:
        model = pyo.ConcreteModel()
        model.place = pyo.Var(range(len(groups)), domain=pyo.Binary)
        model.hit = pyo.Var(range(len(paths)), bounds=(0, 1))
        passes: list[list[int]] = [[] for _ in paths]
        for number, (_, members) in enumerate(groups):
            for path in members:
                passes[path].append(number)
        model.count = pyo.Constraint(expr=pyo.quicksum(model.place.values()) <= game.checkpoints)
        model.reach = pyo.ConstraintList()
        for path, numbers in enumerate(passes):
            if not numbers:
                model.hit[path].fix(0.0)
                continue
            met = pyo.quicksum(model.place[number] for number in numbers)
            for k in range(1 if game.detection == 1.0 else min(len(numbers), game.checkpoints)):
                start = 1.0 - (1.0 - game.detection) ** k
                slope = game.detection * (1.0 - game.detection) ** k
                model.reach.add(model.hit[path] <= start + slope * (met - k))
        live = [path for path, numbers in enumerate(passes) if numbers]
        model.objective = pyo.Objective(
            expr=pyo.quicksum(float(weights[path]) * model.hit[path] for path in live), sense=pyo.maximize
        )
        session = HighsSession(model, time_limit=max(time_limit, 1.0), mip_gap=1e-9)
        session.set_options(mip_abs_gap=1e-10)
        outcome = session.solve()
        if outcome.status not in (Status.OPTIMAL, Status.STOPPED_WITH_PLAN):
            raise SolverError("No coverage was found: this is a fault of the program, please report it.")
        placed = session.values(outcome, model.place.values())
    chosen = tuple(sorted(groups[k][0] for k in np.flatnonzero(placed > 0.5)))
    return chosen, max(float(outcome.bound), float(outcome.objective))


def _choices(game: CheckpointGame, paths: list[tuple[int, ...]]) -> list[tuple[int, frozenset[int]]]:
    """Edges worth choosing and the paths each is on."""
    on: dict[int, set[int]] = {}
    for number, path in enumerate(paths):
        for edge in path:
            if game.network.guardable[edge]:
                on.setdefault(edge, set()).add(number)
    if game.detection < 1.0:
        return [(edge, frozenset(members)) for edge, members in sorted(on.items())]
    by_paths: dict[frozenset[int], int] = {}
    for edge, members in sorted(on.items()):
        by_paths.setdefault(frozenset(members), edge)
    kept = sorted(by_paths.items(), key=lambda row: (-len(row[0]), row[1]))
    out: list[tuple[int, frozenset[int]]] = []
    for group, edge in kept:
        if not any(group < other for _, other in out):
            out.append((edge, group))
    return out
