"""From node ids to a checked patrol game: every fault is one sentence that says what, where, and what is accepted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from patrol_core.arrays import Floats, Ints
from patrol_core.errors import InputError
from patrol_core.files.documents import document_of
from patrol_core.graphs.patrol.documents import (
    DROP,
    KEEP,
    MOST_MOVES,
    MOST_TAU,
    MOST_UNITS,
    REFUSE,
    MoverDocument,
    UnitDocument,
)
from patrol_core.graphs.patrol.game import (
    COMPATIBLE,
    CORRECTED,
    NORMAL,
    SCHEDULE,
    GraphGame,
    MovingAttacker,
    NodeId,
    Unit,
    moves_text,
)
from patrol_core.graphs.patrol.reach import has_walk, out_of_reach
from patrol_core.roads import RoadNetwork, make_network

CANNOT_BE_COVERED = "cannot be covered by any unit"
MOST_PAYOFF = 1e300
"""Largest sum of all that can be lost, so that no payoff is beyond a float."""


def make_graph_game(
    edges: Sequence[tuple[NodeId, NodeId]],
    *,
    moves: int,
    units: Sequence[Mapping[str, Any] | UnitDocument],
    targets: Mapping[NodeId, float],
    attacker_values: Mapping[NodeId, float] | None = None,
    nodes: Sequence[NodeId] = (),
    directed: bool = False,
    xy: Floats | None = None,
    moving_attackers: Sequence[Mapping[str, Any] | MoverDocument] = (),
    unreachable: str = KEEP,
    allow_parts: bool = False,
    **options: Any,
) -> GraphGame:
    """A game from node ids.

    Args:
        edges: Pairs of node ids; passed both ways unless ``directed``.
        moves: T, at least 1.
        units: Objects with ``bases`` and optionally ``ends``, ``nodes`` (lists of ids) and ``stationary``.
        targets: Id -> value, >= 0.
        attacker_values: Id -> attacker's value of every target; the values where it is None.
        nodes: All node ids, in order; without it those of the edges.
        xy: Places of the nodes, shape (nodes, 2): metres, or longitude and latitude.
        moving_attackers: Objects with ``starts`` and optionally ``ends``.
        unreachable: What happens with targets that nobody can cover: ``keep`` (named in ``notes``), ``drop`` or
            ``refuse``.
        allow_parts: Whether a graph that falls into parts is accepted.
        options: The other fields of :class:`GraphGame`, by name.

    Raises:
        InputError: One sentence: which field, which value, what is accepted.
    """
    ids = _node_ids(nodes, edges)
    options.setdefault("idle", options.get("mode") != COMPATIBLE)
    network = make_network(edges, directed=directed, nodes=list(ids), xy=xy)
    place = {name: k for k, name in enumerate(ids)}
    _check_parts(network, ids, allow_parts=allow_parts)
    found = [_place(place, name, "target") for name in targets]
    gained = dict(targets) if attacker_values is None else dict(attacker_values)
    missing = [name for name in targets if name not in gained]
    if missing:
        raise InputError(f"Target {missing[0]!r} has no attacker_value; give every target one, or none.")
    game = GraphGame(
        network,
        ids,
        moves,
        tuple(_unit(place, given, number) for number, given in enumerate(units, start=1)),
        np.array(found, dtype=np.int64),
        np.array([_value(name, value, "value") for name, value in targets.items()], dtype=float),
        np.array([_value(name, gained[name], "attacker_value") for name in targets], dtype=float),
        moving_attackers=tuple(_moving(place, given, k) for k, given in enumerate(moving_attackers, start=1)),
        **options,
    )
    return checked(game, unreachable=unreachable)


def checked(game: GraphGame, *, unreachable: str = KEEP) -> GraphGame:
    """The game, with ``unreachable`` worked out; raises where it cannot be played."""
    _check_numbers(game)
    _check_forms(game)
    if unreachable not in (KEEP, DROP, REFUSE):
        raise InputError(f"unreachable is {unreachable!r}; choose one of {KEEP}, {DROP}, {REFUSE}.")
    far = out_of_reach(game)
    for number, mover in enumerate(game.moving_attackers, start=1):
        if not has_walk(game, mover):
            raise InputError(
                f"Moving attacker {number} has no walk of {moves_text(game.moves)} to where it may end: give more timesteps, other ends, "
                "or none."
            )
    if not far or game.moving_attackers:
        return game
    named = ", ".join(repr(game.target_ids[k]) for k in far)
    words = f"Target{'s' if len(far) > 1 else ''} {named} {CANNOT_BE_COVERED} in {moves_text(game.moves)}"
    if unreachable == REFUSE:
        raise InputError(
            f"{words}: give more moves, other bases or a smaller tau, remove them, or choose to keep or drop them."
        )
    if unreachable == DROP:
        stay = np.setdiff1d(np.arange(game.size), far)
        if not stay.size:
            raise InputError(f"{words}, so no target is left: give more moves, other bases or a smaller tau.")
        return replace(
            game,
            targets=game.targets[stay],
            values=game.values[stay],
            attacker_values=game.attacker_values[stay],
            notes=(*game.notes, f"{words}; left out as asked."),
        )
    return replace(
        game,
        unreachable=tuple(far),
        notes=(*game.notes, f"{words}: they are kept, and the game's value may rest on them alone."),
    )


# -- reading ----------------------------------------------------------------------------------------


def _node_ids(nodes: Sequence[NodeId], edges: Sequence[tuple[NodeId, NodeId]]) -> tuple[NodeId, ...]:
    if not len(edges):
        raise InputError("The graph has no edge; give at least one.")
    order: dict[NodeId, None] = {}
    for name in nodes:
        _check_id(name)
        if name in order:
            raise InputError(f"Node {name!r} is given twice; give it once.")
        order[name] = None
    known = bool(order)
    for number, edge in enumerate(edges, start=1):
        if len(edge) != 2:
            raise InputError(f"Edge number {number} is {edge!r}; give two nodes.")
        for end in edge:
            _check_id(end)
            if known and end not in order:
                raise InputError(
                    f"Edge number {number} names {end!r}, which is not among the nodes; add it there."
                )
    if not known:
        order = dict.fromkeys(end for edge in edges for end in edge)
    texts: dict[str, NodeId] = {}
    for name in order:
        if str(name) in texts:
            raise InputError(f"Nodes {texts[str(name)]!r} and {name!r} read the same; name them apart.")
        texts[str(name)] = name
    return tuple(order)


def _check_id(name: Any) -> None:
    if isinstance(name, bool) or not isinstance(name, int | str):
        raise InputError(f"Node {name!r} is no id; give a whole number or a text.")


def _check_parts(network: RoadNetwork, ids: tuple[NodeId, ...], *, allow_parts: bool) -> None:
    parts, member = parts_of(network)
    if parts == 1 or allow_parts:
        return
    sizes = np.bincount(member)
    odd = ids[int(np.flatnonzero(member != int(sizes.argmax()))[0])]
    raise InputError(
        f"The graph falls into {parts} parts (node {odd!r} is not connected with the largest, of {int(sizes.max())} nodes): "
        "connect them, leave the others out, or allow parts."
    )


def parts_of(network: RoadNetwork) -> tuple[int, Ints]:
    """How many parts a graph falls into, and the part of every node, shape (nodes,)."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(network.nodes)
    links = coo_array((np.ones(network.size), (network.tail, network.head)), shape=(count, count))
    parts, member = connected_components(links, directed=False)
    return int(parts), np.asarray(member, dtype=np.int64)


def _place(place: Mapping[NodeId, int], name: Any, word: str) -> int:
    if isinstance(name, bool) or not isinstance(name, int | str) or name not in place:
        raise InputError(f"The {word} {name!r} is no node of the graph; check its id.")
    return place[name]


def _value(name: NodeId, value: Any, word: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | np.floating | np.integer):
        raise InputError(f"Target {name!r} has the {word} {value!r}; give a number >= 0.")
    try:
        number = float(value)
    except OverflowError:
        number = float("inf")
    if not 0 <= number < float("inf"):
        raise InputError(f"Target {name!r} has the {word} {number:g}; give a finite number >= 0.")
    return number


def _unit(place: Mapping[NodeId, int], given: Mapping[str, Any] | UnitDocument, number: int) -> Unit:
    word = f"defender {number}"
    one = document_of(UnitDocument, given, word.capitalize())
    role = None if one.nodes is None else frozenset(_places(place, one.nodes, f"node of {word}"))
    bases = _places(place, one.bases, f"base of {word}")
    outside = next((name for name in one.bases if role is not None and place[name] not in role), None)
    if outside is not None:
        raise InputError(f"Base {outside!r} of {word} is not among the nodes it is kept to; add it there.")
    ends = None if one.ends is None else _places(place, one.ends, f"end of {word}")
    return Unit(bases, ends, role, one.stationary)


def _moving(
    place: Mapping[NodeId, int], given: Mapping[str, Any] | MoverDocument, number: int
) -> MovingAttacker:
    word = f"moving attacker {number}"
    one = document_of(MoverDocument, given, word.capitalize())
    ends = None if one.ends is None else _places(place, one.ends, f"end of {word}")
    return MovingAttacker(_places(place, one.starts, f"start of {word}"), ends)


def _places(place: Mapping[NodeId, int], names: Sequence[NodeId], word: str) -> tuple[int, ...]:
    return tuple(dict.fromkeys(_place(place, name, word) for name in names))


# -- checks -----------------------------------------------------------------------------------------


def _whole(value: Any, word: str, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InputError(f"{word} is {value!r:.60}; give a whole number of at least {least}.")


def _check_numbers(game: GraphGame) -> None:
    _whole(game.moves, "timesteps", 1)
    if game.moves > MOST_MOVES:
        raise InputError(
            f"timesteps is {f'{game.moves:,}':.30}; give at most {MOST_MOVES:,} moves, or let one move stand for a longer time."
        )
    _whole(game.tau, "tau", 1)
    _whole(game.attackers, "attackers", 0 if game.moving_attackers else 1)
    _whole(game.capture_radius, "capture_radius", 0)
    if not game.units:
        raise InputError("There is no defender; give at least one unit with its bases.")
    if len(game.units) > MOST_UNITS:
        raise InputError(f"There are {len(game.units)} defenders; give at most {MOST_UNITS}.")
    if not game.size:
        raise InputError("There is no target; give at least one.")
    if game.tau > game.moves + 1:
        raise InputError(
            f"tau is {game.tau}, above the horizon: in {game.moves} moves a unit has {game.moves + 1} states; "
            "lower tau or give more timesteps."
        )
    if game.tau > MOST_TAU:
        raise InputError(f"tau is {game.tau}; give at most {MOST_TAU}.")
    if game.attackers > game.size:
        raise InputError(
            f"There are {game.attackers} attackers for {game.size} targets; give at most as many."
        )
    for word in ("defender_penalty", "attacker_penalty"):
        if not 1 <= getattr(game, word) < float("inf"):
            raise InputError(f"{word} is {getattr(game, word)!r}; give a number of at least 1.")
    if not 0 <= game.step_cost < float("inf"):
        raise InputError(f"step_cost is {game.step_cost!r}; give a number >= 0.")
    values = game.values.tolist(), game.attacker_values.tolist()
    if not max(*map(sum, values)) + game.step_cost * game.moves * len(game.units) < MOST_PAYOFF:
        raise InputError(
            f"The values of the targets, and what moves cost, add up to more than {MOST_PAYOFF:g}: give them in a larger unit."
        )


def _check_forms(game: GraphGame) -> None:
    if game.form not in (NORMAL, SCHEDULE):
        raise InputError(f"form is {game.form!r}; choose {NORMAL} or {SCHEDULE}.")
    if game.mode not in (CORRECTED, COMPATIBLE):
        raise InputError(f"mode is {game.mode!r}; choose {CORRECTED} or {COMPATIBLE}.")
    if game.step_cost and not game.general_sum:
        raise InputError(f"step_cost is {game.step_cost:g} in a zero-sum game; give 0, or sum = general.")
    if game.form == SCHEDULE and game.moving_attackers:
        raise InputError("Moving attackers need the normal form; set form to normal, or leave them out.")
    if game.form == SCHEDULE and not game.waiting and game.tau > 1:
        raise InputError(
            f"tau is {game.tau} and waiting is not allowed, so no unit can stay at a target; allow waiting."
        )
    if game.simple and game.form != SCHEDULE:
        raise InputError("simple is a kind of schedules; set form to schedule, or simple to false.")
