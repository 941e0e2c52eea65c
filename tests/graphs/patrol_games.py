"""Small patrol games at random, over every option there is."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume
from hypothesis import strategies as st

from patrol_core.errors import InputError
from patrol_core.graphs.patrol.input import checked, make_graph_game


def changed(game, **changes):
    """A copy with other fields, checked again."""
    return checked(replace(game, **changes, unreachable=()))


@st.composite
def small_games(draw, *, forms=("normal", "schedule"), sums=(False, True), most_nodes=6):
    """A valid game whose matrix is small."""
    count = draw(st.integers(3, most_nodes))
    nodes = st.integers(0, count - 1)
    directed = draw(st.booleans()) and draw(st.booleans())
    edges = [(k, draw(st.integers(0, k - 1))) for k in range(1, count)]
    if directed:
        edges += [(b, a) for a, b in edges if draw(st.booleans())]
    edges += [pair for pair in draw(st.lists(st.tuples(nodes, nodes), max_size=3)) if pair[0] != pair[1]]
    spots = draw(st.lists(nodes, min_size=1, max_size=min(4, count), unique=True))
    value = st.integers(0, 50).map(lambda k: k / 10)
    form = draw(st.sampled_from(forms))
    general = draw(st.sampled_from(sums))
    how_many = draw(st.sampled_from([1, 1, 2]))
    units = [draw(_units(count, nodes)) for _ in range(how_many)]
    if draw(st.booleans()):
        units = [units[0]] * how_many
    mode = draw(st.sampled_from(["corrected", "compatible"]))
    options = {
        "moves": draw(st.integers(1, 4 if how_many == 1 else 3)),
        "tau": draw(st.sampled_from([1, 1, 2, 3])),
        "attackers": draw(st.integers(1, min(3, len(spots)))),
        "force_return": draw(st.booleans()),
        "waiting": draw(st.sampled_from([True, True, False])),
        "form": form,
        "simple": form == "schedule" and draw(st.booleans()),
        "general_sum": general,
        "step_cost": draw(st.sampled_from([0.0, 0.1, 0.5])) if general else 0.0,
        "normalise": draw(st.booleans()),
        "mode": mode,
        "defender_penalty": draw(st.sampled_from([1.0, 2.0, 5.0])),
        "attacker_penalty": draw(st.sampled_from([1.0, 3.0])),
    }
    gains = {spot: draw(value) for spot in spots} if general else None
    try:
        return make_graph_game(
            edges,
            nodes=range(count),
            directed=directed,
            units=units,
            targets={spot: draw(value) for spot in spots},
            attacker_values=gains,
            **options,
        )
    except InputError:  # tau above the horizon, no way home, a base outside its role
        assume(False)
        raise


@st.composite
def _units(draw, count, nodes):
    bases = draw(st.lists(nodes, min_size=1, max_size=2, unique=True))
    unit: dict[str, object] = {"bases": bases}
    kind = draw(st.integers(0, 9))
    if kind == 0:
        unit["stationary"] = True
    elif kind in (1, 2):
        unit["ends"] = draw(st.lists(nodes, min_size=1, max_size=3, unique=True))
    elif kind in (3, 4):
        unit["nodes"] = sorted({*bases, *draw(st.lists(nodes, max_size=count))})
    return unit
