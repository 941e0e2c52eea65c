"""What further units do: the shapes of the response, and plans made for them, against linear programs and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog, minimize

from patrol_core.errors import InputError
from patrol_core.games.rules import Cap, Floor
from patrol_core.games.zone import Response, ZoneGame, evaluate_coverage, solve_zone_game


def _ids(n: int) -> tuple[str, ...]:
    return tuple(f"z{i}" for i in range(n))


def _response(shape: str, e: float, sizes: list[float]) -> Response:
    k = np.array(sizes)
    return Response(shape, e, k, 3.0 * k, 730.0)  # type: ignore[arg-type]


# -- the response itself -------------------------------------------------------------------------------


def test_several_units_halve_what_the_others_left() -> None:
    does = _response("several", 0.5, [1.0, 1.0, 1.0, 2.0])
    left = does.left(np.array([1.0, 2.0, 1.4, 2.0]))
    # 1.4 units are one (60 %) or two (40 %): 0.6 * 0.5 + 0.4 * 0.25; a zone of size 2 needs two units for one half
    assert left == pytest.approx([0.5, 0.25, 0.4, 0.5], abs=1e-15)
    assert does.worth(np.array([0.0, 1.0, 1.4, 0.0])) == pytest.approx(
        [0.5, 0.25, 0.25, 1 - np.sqrt(0.5)], abs=1e-15
    )


@pytest.mark.parametrize("shape", ["linear", "several", "log"])
def test_the_response_falls_is_convex_and_its_answers_agree(shape: str) -> None:
    rng = np.random.default_rng(7)
    for _ in range(60):
        n = 40
        does = Response(shape, float(rng.uniform(0.02, 0.97)), rng.uniform(0.3, 3.0, n), np.full(n, 5.0))  # type: ignore[arg-type]
        most = does.sizes if shape == "linear" else np.full(n, 4.0)
        x, y = rng.uniform(0, most), rng.uniform(0, most)
        assert (does.left(np.zeros(n)) == 1).all()
        assert (does.left(x + 0.01) < does.left(x)).all()
        assert (does.left((x + y) / 2) <= (does.left(x) + does.left(y)) / 2 + 1e-14).all()
        assert does.needed(does.left(x)) == pytest.approx(x, abs=1e-9)
        a, b = does.line(x)
        assert (does.left(y) >= a - b * y - 1e-12).all()
        rate = does.worth(x)
        until = np.minimum(does.up_to(rate), most)
        assert (until >= x - 1e-9).all()
        assert (does.worth(np.maximum(until - 1e-6, 0)) >= rate * (1 - 1e-5)).all()
        assert (does.next_kink(x) >= x).all()


def test_nothing_left_needs_no_number_of_units_of_a_curved_response() -> None:
    assert np.isinf(_response("several", 0.5, [1.0]).needed(np.zeros(1)))[0]
    assert _response("several", 0.5, [1.0]).needed(np.ones(1))[0] == 0


# -- plans by hand ---------------------------------------------------------------------------------------


def test_two_zones_by_hand() -> None:
    # One unit brings 8 to 4, where both zones are; a second to (4, 2) at best split: each further unit is worth 2 to both
    game = ZoneGame(("a", "b"), [8.0, 4.0], 1, 0.5, response="several")
    one = solve_zone_game(game)
    assert one.coverage_by_zone() == {"a": 1.0, "b": 0.0}
    assert (one.worst_case, one.expected_residual) == (4.0, 8.0)
    # z falls by 1 where both get 0.5: a from 4 by 2 a unit, b from 4 by 2 a unit
    two = solve_zone_game(game.replace(budget=2))
    assert two.worst_case == pytest.approx(3.0, abs=1e-12)
    assert two.coverage == pytest.approx([1.5, 0.5], abs=1e-12)
    assert two.budget_dual == pytest.approx(1.0, abs=1e-9)


def test_least_total_takes_the_best_pieces_first() -> None:
    # pieces: a 4, 2, 1; b 3, 1.5; the third unit is a's second
    game = ZoneGame(("a", "b"), [8.0, 6.0], 3, 0.5, response="several")
    found = solve_zone_game(game, objective="total")
    assert found.coverage == pytest.approx([2.0, 1.0], abs=1e-12)
    assert found.expected_residual == pytest.approx(2.0 + 3.0, abs=1e-12)
    assert found.budget_dual == pytest.approx(1.5, abs=1e-9)


def test_pieces_worth_the_same_go_where_the_worst_case_falls() -> None:
    # a's second piece and b's first are worth 2 each; size 1 both: after a's first both have 4 left
    game = ZoneGame(("a", "b"), [8.0, 4.0], 2, 0.5, response="several")
    found = solve_zone_game(game, objective="total")
    assert found.expected_residual == pytest.approx(6.0)
    assert found.worst_case == pytest.approx(3.0)


# -- against other programs ---------------------------------------------------------------------------------


def _pieces(game: ZoneGame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(zone, room, gain a unit) of every piece of ``several`` up to the bounds."""
    found = []
    upper = game.bounds()[1]
    for t in range(game.size):
        kept = (1 - game.effectiveness) ** (1 / game.does.sizes[t])
        for j in range(int(np.ceil(upper[t] - 1e-12))):
            room = min(j + 1, upper[t]) - j
            found.append((t, room, game.values[t] * kept**j * (1 - kept)))
    zone, room, gain = (np.array(part) for part in zip(*found, strict=True))
    return zone.astype(int), room, gain


def _by_pieces(game: ZoneGame, objective: str) -> float:
    """The optimum as a linear program with a column a piece: nothing is shared with the solver."""
    zone, room, gain = _pieces(game)
    inside = np.zeros((game.size, zone.size))
    inside[zone, np.arange(zone.size)] = 1.0
    lower = game.bounds()[0]
    bounds = [(0.0, r) for r in room]
    if objective == "total":
        matrix = np.vstack([np.ones((1, zone.size)), -inside])
        result = linprog(-gain, matrix, np.r_[game.budget, -lower], bounds=bounds)
        return float(game.values.sum() + result.fun)
    matrix = np.vstack(
        [
            np.c_[-(inside * gain), -np.ones(game.size)],
            np.r_[np.ones(zone.size), 0.0][None, :],
            np.c_[-inside, np.zeros(game.size)],
        ]
    )
    limits = np.r_[-game.values, game.budget, -lower]
    result = linprog(np.r_[np.zeros(zone.size), 1.0], matrix, limits, bounds=[*bounds, (None, None)])
    return float(result.fun)


@pytest.mark.parametrize("objective", ["worst-case", "total"])
def test_several_agrees_with_a_program_of_pieces(objective: str) -> None:
    rng = np.random.default_rng(3)
    for trial in range(120):
        n = int(rng.integers(1, 6))
        values = np.round(rng.uniform(0, 10, n), 1 if trial % 2 else 6)
        if trial % 7 == 0:
            values[:] = values[0]
        budget = float(rng.choice([rng.uniform(0.1, 8), float(rng.integers(1, 9))]))
        upper = None if trial % 3 else rng.uniform(0.2, 3, n)
        floors = tuple(Floor(0.1, zone=z) for z in _ids(n)[:1]) if trial % 5 == 0 else ()
        game = ZoneGame(
            _ids(n), values, budget, float(rng.uniform(0.05, 0.95)), response="several",
            sizes=rng.choice([1.0, 1.0, 0.5, 2.3], n), upper=upper, constraints=floors,
        )  # fmt: skip
        found = solve_zone_game(game, objective=objective)  # type: ignore[arg-type]
        assert found.certificate.objective == pytest.approx(_by_pieces(game, objective), rel=1e-7, abs=1e-9)
        assert found.certificate.gap < 1e-9
        assert found.budget_used <= budget * (1 + 1e-12)


def test_log_agrees_with_slsqp() -> None:
    rng = np.random.default_rng(5)
    for _ in range(15):
        n = 3
        game = ZoneGame(_ids(n), rng.uniform(1, 10, n), 1.2, 0.6, response="log", hours_per_unit=20.0)
        found = solve_zone_game(game, objective="total")
        peer = minimize(
            lambda x, game=game: float((game.values * game.left(x)).sum()),
            np.full(n, 0.4),
            bounds=[(0, 1)] * n,
            constraints=[{"type": "ineq", "fun": lambda x: 1.2 - x.sum()}],
            method="SLSQP",
            options={"ftol": 1e-14, "maxiter": 500},
        )
        assert found.expected_residual == pytest.approx(peer.fun, rel=1e-7)
        worst = solve_zone_game(game)
        assert worst.worst_case <= found.worst_case * (1 + 1e-12)
        if worst.coverage.max() < 1 - 1e-9:  # no zone is full, so all that get patrols are at the worst case
            assert worst.residual[worst.coverage > 1e-9] == pytest.approx(worst.worst_case)


# -- relations ------------------------------------------------------------------------------------------------


def test_at_most_one_unit_a_zone_is_the_linear_game() -> None:
    rng = np.random.default_rng(11)
    for _ in range(40):
        n = int(rng.integers(1, 12))
        values, budget, e = rng.uniform(0, 9, n), float(rng.uniform(0, n)), float(rng.uniform(0.1, 0.9))
        for objective in ("worst-case", "total"):
            line = solve_zone_game(ZoneGame(_ids(n), values, budget, e), objective=objective)  # type: ignore[arg-type]
            one = solve_zone_game(
                ZoneGame(_ids(n), values, budget, e, response="several", upper=np.ones(n)),
                objective=objective,  # type: ignore[arg-type]
            )
            assert one.coverage == pytest.approx(line.coverage, abs=1e-9)
            assert one.worst_case == pytest.approx(line.worst_case, rel=1e-12)


@pytest.mark.parametrize("shape", ["several", "log"])
def test_more_units_never_hurt_and_the_unit_of_values_does_not_matter(shape: str) -> None:
    values = np.array([549.0, 300.5, 300.5, 80.0, 3.0, 0.0])
    game = ZoneGame(_ids(6), values, 0, 0.5, response=shape)  # type: ignore[arg-type]
    order = np.array([3, 0, 5, 2, 1, 4])
    last = np.inf
    for budget in np.linspace(0, 12, 25):
        found = solve_zone_game(game.replace(budget=float(budget)))
        assert found.worst_case <= last * (1 + 1e-12)
        last = found.worst_case
        small = solve_zone_game(
            ZoneGame(_ids(6), values * 1e-9, float(budget), 0.5, response=shape)  # type: ignore[arg-type]
        )
        assert small.coverage == pytest.approx(found.coverage, abs=1e-9)
        other = solve_zone_game(
            ZoneGame(_ids(6), values[order], float(budget), 0.5, response=shape)  # type: ignore[arg-type]
        )
        assert other.coverage == pytest.approx(found.coverage[order], abs=1e-9)


def test_a_zone_cut_in_two_leaves_the_least_total_where_units_come_out_even() -> None:
    whole = ZoneGame(("a", "b"), [8.0, 6.0], 4, 0.5, response="several", sizes=[2.0, 2.0])
    cut = ZoneGame(("a1", "a2", "b"), [4.0, 4.0, 6.0], 4, 0.5, response="several", sizes=[1.0, 1.0, 2.0])
    first, second = (solve_zone_game(g, objective="total") for g in (whole, cut))
    assert second.expected_residual == pytest.approx(first.expected_residual, rel=1e-12)
    odd = solve_zone_game(whole.replace(budget=3), objective="total")
    assert solve_zone_game(cut.replace(budget=3), objective="total").expected_residual >= (
        odd.expected_residual * (1 - 1e-12)
    )


def test_hardly_any_effect_hardly_changes_anything() -> None:
    game = ZoneGame(_ids(3), [5.0, 4.0, 1.0], 2, 1e-9, response="several")
    assert solve_zone_game(game).expected_residual == pytest.approx(10.0, rel=1e-8)


def test_a_floor_and_a_cap_of_every_zone_hold() -> None:
    game = ZoneGame(
        _ids(3), [9.0, 1.0, 1.0], 2, 0.5, response="several", constraints=(Floor(0.25), Cap(0.75))
    )
    found = solve_zone_game(game)
    assert found.coverage[0] == pytest.approx(0.75)
    assert found.coverage.min() >= 0.25
    assert evaluate_coverage(game, found.coverage).violations == {}


@pytest.mark.parametrize("objective", ["worst-case", "total"])
@pytest.mark.parametrize("shape", ["several", "log"])
def test_ordinary_edges(shape: str, objective: str) -> None:
    for values, budget in (
        ([0.0, 0.0], 3.0), ([5.0], 2.5), ([5.0], 0.0), ([4.0] * 5, 2.0), ([1e-300, 1e300], 1.0), ([7.0, 0.0], 50.0),
    ):  # fmt: skip
        game = ZoneGame(_ids(len(values)), values, budget, 0.5, response=shape)  # type: ignore[arg-type]
        found = solve_zone_game(game, objective=objective)  # type: ignore[arg-type]
        assert found.certificate.gap <= 1e-9
        assert found.budget_used <= budget * (1 + 1e-12)
        assert (found.coverage[np.array(values) == 0] == 0).all()


# -- what cannot be used ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"response": "square"}, "response = 'square'"),
        ({"response": "several", "effectiveness": 1.0}, "nothing for a second unit"),
        ({"sizes": [1.0, 0.0]}, "size of zone 'b' is 0"),
        ({"sizes": [1.0]}, "sizes has shape"),
        ({"response": "several", "upper": [1.0, -1.0]}, "upper of zone 'b'"),
        ({"upper": [1.0, 2.0]}, "above its size"),
        ({"response": "log", "hours_per_unit": 0.0}, "hours_per_unit"),
    ],
)
def test_a_response_that_cannot_be_used_is_refused(changes: dict[str, object], words: str) -> None:
    given: dict[str, object] = {
        "zone_ids": ("a", "b"),
        "values": [2.0, 1.0],
        "budget": 1,
        "effectiveness": 0.5,
    }
    with pytest.raises(InputError, match=words):
        ZoneGame(**(given | changes))  # type: ignore[arg-type]


@settings(derandomize=True, deadline=None, max_examples=60)
@given(
    st.lists(st.integers(0, 6), min_size=2, max_size=7),
    st.floats(0.0, 12.0),
    st.sampled_from([0.3, 0.5, 0.9]),
    st.lists(st.sampled_from([0.5, 1.0, 1.7]), min_size=7, max_size=7),
)
def test_the_least_total_takes_the_best_pieces_one_by_one(values, budget, effect, sizes):
    """Of several units, by hand: the best next unit, again and again, the last one in part."""
    size = np.array(sizes[: len(values)])
    game = ZoneGame(
        zone_ids=tuple(map(str, range(len(values)))),
        values=np.array(values, dtype=float),
        budget=budget,
        effectiveness=effect,
        response="several",
        sizes=size,
    )
    kept = (1 - effect) ** (1 / size)
    units, left, spare = np.zeros(len(values)), np.array(values, dtype=float), budget
    while spare > 1e-12 and left.max() > 1e-9:
        best = int(np.argmax(left * (1 - kept)))
        share = min(1.0, spare)
        left[best] *= 1 - share * (1 - kept[best])
        units[best] += share
        spare -= share
    found = solve_zone_game(game, objective="total")
    assert found.expected_residual == pytest.approx(float(left.sum()), rel=1e-9, abs=1e-8)
