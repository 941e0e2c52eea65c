"""One room: a picture of figures that its presenter chose to show, and a ballot; many browsers look, one shows.

A room knows no names, no addresses and no rows: a voter is a code that means nothing outside it. Every method may be called
from any thread.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from patrol_core.errors import InputError
from patrol_core.figures.maps.zones import MapAsset

FEWEST_OPTIONS, MOST_OPTIONS = 2, 4
MOST_VOTERS = 500
MOST_LETTERS = 200
"""Letters of a question or an option."""


@dataclass(frozen=True, slots=True)
class Layer:
    """Values of all zones, as a map paints them.

    Attributes:
        label, unit: What they are.
        values: In the order of the shapes; None is drawn grey.
    """

    label: str
    unit: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Screen:
    """What everybody sees.

    Attributes:
        question, headline: In words.
        figures: (what, before, after) in words.
        unit: Of the first figures.
        asset: Shapes of the zones with their names, as the browser gets them; None without a map.
        before, after: What the two sides of the map show, on one scale from 0 to ``high``.
        note: The assumption that all of it rests on.
    """

    question: str
    headline: str
    figures: tuple[tuple[str, str, str], ...] = ()
    unit: str = ""
    asset: MapAsset | None = None
    before: Layer | None = None
    after: Layer | None = None
    high: float = 1.0
    note: str = ""


@dataclass(frozen=True, slots=True)
class Ballot:
    """A question with options.

    Attributes:
        question, options: In words; two to four options.
        revealed: Whether everybody sees the counts.
    """

    question: str
    options: tuple[str, ...]
    revealed: bool = False


@dataclass(frozen=True, slots=True)
class Seen:
    """The room as one browser sees it at one moment.

    Attributes:
        version: Grows with every change of what is shown.
        screen, ballot: None where there is none.
        mine: The option this browser voted for.
        counts: Votes by option; None until they are revealed.
        voted: How many have voted.
    """

    version: int
    screen: Screen | None
    ballot: Ballot | None
    mine: int | None
    counts: tuple[int, ...] | None
    voted: int


@dataclass(eq=False)
class Room:
    """See the module.

    Attributes:
        code: What the address of the room carries; nobody can guess it.
        host: The browser that presents.
        salt: Makes voters of this room different from those of any other.
        opened, touched: Times of a clock that only goes forward, in seconds.
    """

    code: str
    host: str
    salt: str
    opened: float
    touched: float
    _version: int = 0
    _screen: Screen | None = None
    _ballot: Ballot | None = None
    _votes: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def show(self, screen: Screen | None) -> None:
        """Put this before everybody; None blanks it."""
        with self._lock:
            if screen != self._screen:
                self._screen = screen
                self._version += 1

    def pose(self, question: str, options: Sequence[str]) -> None:
        """Ask a question anew; votes on the one before are let go.

        Args:
            question: Up to 200 letters.
            options: Two to four different texts.

        Raises:
            InputError: When there is no question, or there are not two to four different options.
        """
        question = question.strip()
        offered = tuple(option.strip() for option in options if option.strip())
        if not question:
            raise InputError("The vote has no question; write one.")
        if not FEWEST_OPTIONS <= len(offered) <= MOST_OPTIONS:
            raise InputError(
                f"A vote takes {FEWEST_OPTIONS} to {MOST_OPTIONS} options, and this one has {len(offered)}."
            )
        if len(set(offered)) < len(offered):
            raise InputError("Two options of the vote read the same; change one of them.")
        if max(map(len, (question, *offered))) > MOST_LETTERS:
            raise InputError(
                f"A question or an option has at most {MOST_LETTERS} letters; shorten the longest."
            )
        with self._lock:
            self._ballot, self._votes = Ballot(question, offered), {}
            self._version += 1

    def vote(self, voter: str, option: int) -> bool:
        """Count a voter for an option, in place of an earlier vote; False where nothing is asked or the room is full.

        Args:
            voter: Of :func:`~patrol_core.workshop.voter_of`.
            option: Its place among the options.
        """
        with self._lock:
            ballot = self._ballot
            if ballot is None or not 0 <= option < len(ballot.options):
                return False
            if voter not in self._votes and len(self._votes) >= MOST_VOTERS:
                return False
            self._votes[voter] = option
            return True

    def reveal(self, shown: bool = True) -> None:
        """Show the counts to everybody, or hide them again."""
        with self._lock:
            if self._ballot is not None and self._ballot.revealed != shown:
                self._ballot = replace(self._ballot, revealed=shown)
                self._version += 1

    def end_vote(self) -> None:
        """Take the question away, and all votes with it."""
        with self._lock:
            if self._ballot is not None:
                self._ballot, self._votes = None, {}
                self._version += 1

    def seen(self, voter: str = "", *, presenter: bool = False) -> Seen:
        """The room at this moment.

        Args:
            voter: Whose own vote is told.
            presenter: Sees the counts before they are revealed.
        """
        with self._lock:
            ballot = self._ballot
            counts = None
            if ballot is not None and (ballot.revealed or presenter):
                votes = Counter(self._votes.values())
                counts = tuple(votes[place] for place in range(len(ballot.options)))
            return Seen(self._version, self._screen, ballot, self._votes.get(voter), counts, len(self._votes))
