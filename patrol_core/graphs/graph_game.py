r"""Patrols on a graph against attackers of targets: what is given.

Time runs over the states 0, 1, ..., T; between two states a unit makes one move along an edge or waits (T = ``moves``, the
"timesteps" of the paper). Two forms:

* **normal form**: a pure strategy of the defender is one walk per unit. Target t is interdicted when the visits of all units
  together, counted over all states, reach :math:`\tau`. An attacker with A resources takes at most A targets; values add up.
  Covered targets pay nothing to either side; a move costs the defender ``step_cost`` in general-sum games.
* **schedule form**: every unit picks a schedule, a set of targets it can tour in T moves, staying :math:`\tau` states at each.
  A target is covered when some unit's schedule has it. Covered payoffs are the uncovered ones divided by a penalty factor;
  the attacker attacks exactly A targets.

Payoffs of target t, with value v and attacker's value a; in zero-sum games the attacker gains what the defender loses:

====================  ==========================  ==================
what                  normal form                 schedule form
====================  ==========================  ==================
defender, uncovered   -v                          -v
defender, covered     0                           -v / defender penalty
attacker, uncovered   a                           a
attacker, covered     0                           a / attacker penalty
====================  ==========================  ==================

Source: Krever, Cerny, Blanchard and Kroer (2025), "GUARD: Constructing realistic two-player matrix and security games for
benchmarking game-theoretic algorithms".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from patrol_core.errors import InputError
from patrol_core.graphs.network import Flags, Floats, Ints, RoadNetwork, make_network

NodeId = int | str
NORMAL, SCHEDULE = "normal", "schedule"
CORRECTED, COMPATIBLE = "corrected", "compatible"
KEEP, DROP, REFUSE = "keep", "drop", "refuse"
CANNOT_BE_COVERED = "cannot be covered by any unit"
MOST_UNITS = 50
MOST_TAU = 64
MOST_MOVES = 2000
DEFAULT_PENALTY = 5.0


@dataclass(frozen=True)
class Unit:
    """One unit of the defender.

    Attributes
    ----------
    bases
        Node positions where it may start, at least one. A stationary unit chooses one of them and stays.
    ends
        Node positions where it may end; None: anywhere (a game with ``force_return`` overrides it).
    nodes
        Node positions it is kept to (its role); None: the whole graph.
    stationary
        Whether it stays where it starts.
    """

    bases: tuple[int, ...]
    ends: tuple[int, ...] | None = None
    nodes: frozenset[int] | None = None
    stationary: bool = False


@dataclass(frozen=True)
class MovingAttacker:
    """One attacker who moves as units do, takes every target it reaches, and is caught by a unit near enough at the same state.

    Attributes
    ----------
    starts
        Node positions where it may start.
    ends
        Node positions where it may end; None: anywhere.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...] | None = None


@dataclass(frozen=True, eq=False)
class GraphGame:
    """A validated game; make it with :func:`make_graph_game`.

    Attributes
    ----------
    network
        The graph; its node names are the ids as text.
    node_ids
        The ids as they were given, in the order of the nodes.
    moves
        T, the number of moves; there are T + 1 states.
    units, targets
        Who patrols; node positions of the n targets, shape (n,).
    values, attacker_values
        Shape (n,), >= 0: what a taken target costs the defender and pays the attacker, in one unit.
    tau
        Visits that interdict a target (normal form), states to stay (schedule form).
    attackers
        A, stationary resources of the attacker.
    force_return
        Whether every unit must end at its own start.
    waiting
        Whether a unit may wait.
    step_cost
        What one move costs the defender (general-sum games), in the unit of the values.
    normalise
        Whether payoffs are reported divided by the largest absolute payoff of the game (:attr:`scale`).
    mode
        ``corrected``: tours of schedules fit the T moves. ``compatible``: as in the published code, tours of two and more
        targets may take one move more, and every unit must pick a schedule that is not empty.
    idle
        Schedule form: whether a unit may pick the empty schedule.
    moving_attackers, capture_radius
        Attackers who move (normal form), and the moves between unit and attacker at which it is caught.
    unreachable
        Positions (in ``targets``) of targets that no joint strategy can cover.
    notes
        What a reader of a result must know about the input.
    """

    network: RoadNetwork
    node_ids: tuple[NodeId, ...]
    moves: int
    units: tuple[Unit, ...]
    targets: Ints
    values: Floats
    attacker_values: Floats
    tau: int = 1
    attackers: int = 1
    force_return: bool = True
    waiting: bool = True
    form: str = NORMAL
    simple: bool = False
    general_sum: bool = False
    defender_penalty: float = DEFAULT_PENALTY
    attacker_penalty: float = DEFAULT_PENALTY
    step_cost: float = 0.0
    normalise: bool = False
    mode: str = CORRECTED
    idle: bool = True
    moving_attackers: tuple[MovingAttacker, ...] = ()
    capture_radius: int = 0
    unreachable: tuple[int, ...] = ()
    notes: tuple[str, ...] = field(default=())

    @property
    def size(self) -> int:
        """Number of targets n."""
        return len(self.targets)

    @property
    def target_ids(self) -> tuple[NodeId, ...]:
        """Ids of the targets."""
        return tuple(self.node_ids[k] for k in self.targets.tolist())

    @property
    def payoffs(self) -> Floats:
        """(4, n) in the unit of the values: defender uncovered, defender covered, attacker covered, attacker uncovered."""
        lost, none = -self.values, np.zeros(self.size)
        kept = none if self.form == NORMAL else lost / self.defender_penalty
        if not self.general_sum:
            return np.vstack([lost, kept, -kept, -lost])
        gained = self.attacker_values
        return np.vstack(
            [lost, kept, none if self.form == NORMAL else gained / self.attacker_penalty, gained]
        )

    @property
    def costs_matter(self) -> bool:
        """Whether moves cost something."""
        return self.general_sum and self.step_cost > 0

    def changed(self, **changes: Any) -> GraphGame:
        """A copy with other strength (moves, units, tau, attackers, ...), checked again.

        Parameters
        ----------
        changes
            Fields of this class; ``unreachable`` is worked out anew, and what ``notes`` say of it is left out first.
        """
        notes = changes.pop("notes", tuple(note for note in self.notes if CANNOT_BE_COVERED not in note))
        return checked(replace(self, **changes, unreachable=(), notes=notes))


def make_graph_game(
    edges: Sequence[tuple[NodeId, NodeId]],
    *,
    moves: int,
    units: Sequence[Mapping[str, Any]],
    targets: Mapping[NodeId, float],
    attacker_values: Mapping[NodeId, float] | None = None,
    nodes: Sequence[NodeId] = (),
    directed: bool = False,
    xy: Floats | None = None,
    moving_attackers: Sequence[Mapping[str, Any]] = (),
    unreachable: str = KEEP,
    allow_parts: bool = False,
    **options: Any,
) -> GraphGame:
    """A game from node ids.

    Parameters
    ----------
    edges
        Pairs of node ids; passed both ways unless ``directed``.
    moves
        T, at least 1.
    units
        Objects with ``bases`` and optionally ``ends``, ``nodes`` (lists of ids) and ``stationary``.
    targets
        Id -> value, >= 0.
    attacker_values
        Id -> attacker's value of every target; the values where it is None.
    nodes
        All node ids, in order; without it those of the edges.
    xy
        Places of the nodes, shape (nodes, 2): metres, or longitude and latitude.
    moving_attackers
        Objects with ``starts`` and optionally ``ends``.
    unreachable
        What happens with targets that nobody can cover: ``keep`` (named in ``notes``), ``drop`` or ``refuse``.
    allow_parts
        Whether a graph that falls into parts is accepted.
    options
        The other fields of :class:`GraphGame`, by name.

    Raises
    ------
    InputError
        One sentence: which field, which value, what is accepted.
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
    from patrol_core.graphs.reach import has_walk, out_of_reach

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
    number = as_float(value)
    if not 0 <= number < float("inf"):
        raise InputError(f"Target {name!r} has the {word} {number:g}; give a finite number >= 0.")
    return number


def as_float(value: Any) -> float:
    """The number as a float; infinite where it is too large for one."""
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _unit(place: Mapping[NodeId, int], given: Mapping[str, Any], number: int) -> Unit:
    for key in given:
        if key not in ("bases", "ends", "nodes", "stationary"):
            raise InputError(
                f"Defender {number} has the unknown key {key!r}: accepted are bases, ends, nodes, stationary."
            )
    word = f"defender {number}"
    bases = _places(place, given.get("bases"), f"base of {word}")
    ends = given.get("ends")
    kept = given.get("nodes")
    role = None if kept is None else frozenset(_places(place, kept, f"node of {word}"))
    outside = [k for k in bases if role is not None and k not in role]
    if outside:
        names = {k: name for name, k in place.items()}
        raise InputError(
            f"Base {names[outside[0]]!r} of {word} is not among the nodes it is kept to; add it there."
        )
    stationary = given.get("stationary", False)
    if not isinstance(stationary, bool):
        raise InputError(f"stationary of {word} is {stationary!r}; give true or false.")
    return Unit(bases, None if ends is None else _places(place, ends, f"end of {word}"), role, stationary)


def _moving(place: Mapping[NodeId, int], given: Mapping[str, Any], number: int) -> MovingAttacker:
    for key in given:
        if key not in ("starts", "ends"):
            raise InputError(
                f"Moving attacker {number} has the unknown key {key!r}: accepted are starts, ends."
            )
    ends = given.get("ends")
    return MovingAttacker(
        _places(place, given.get("starts"), f"start of moving attacker {number}"),
        None if ends is None else _places(place, ends, f"end of moving attacker {number}"),
    )


def _places(place: Mapping[NodeId, int], names: Any, word: str) -> tuple[int, ...]:
    if not isinstance(names, list | tuple) or not names:
        raise InputError(f"There is no {word}; give a list of at least one node.")
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


def moves_text(moves: int) -> str:
    """``1 move``, ``2 moves``."""
    return "1 move" if moves == 1 else f"{moves:,} moves"


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


def allowed_nodes(game: GraphGame, unit: Unit) -> Flags:
    """Nodes a unit may be at, shape (nodes,)."""
    if unit.nodes is None:
        return np.ones(len(game.node_ids), dtype=bool)
    flags = np.zeros(len(game.node_ids), dtype=bool)
    flags[list(unit.nodes)] = True
    return flags
