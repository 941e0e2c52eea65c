"""All rooms of a server: opened by a presenter, found by a code that nobody can guess, gone soon after the presenter is."""

from __future__ import annotations

import hashlib
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from patrol_core.errors import InputError
from patrol_core.workshop.room import Room

LETTERS = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
"""Without those that are mistaken for each other when they are typed from a wall."""
CODE_LETTERS = 12
"""31 to the power of 12 codes: at a thousand tries a second one of twenty rooms is found by chance once in a million years."""
MOST_ROOMS = 20
LONGEST_S = 8 * 3600.0
SILENT_S = 180.0
"""Seconds without a sign of the presenter after which a room ends; a page that lost its connection comes back in less."""


@dataclass(eq=False)
class Rooms:
    """The rooms there are. Every method may be called from any thread.

    Attributes:
        most: Rooms at a time.
        clock: Seconds, only going forward.
    """

    most: int = MOST_ROOMS
    clock: Callable[[], float] = time.monotonic
    _rooms: dict[str, Room] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def open(self, host: str) -> Room:
        """A new room of a browser; the one it has already, if it has one.

        Raises:
            InputError: When there are as many rooms as there may be.
        """
        found = self.of_host(host)
        if found is not None:
            return found
        with self._lock:
            if len(self._rooms) >= self.most:
                raise InputError(
                    f"{self.most} rooms are open, as many as this server keeps; close one, or wait until one ends."
                )
            code = "".join(secrets.choice(LETTERS) for _ in range(CODE_LETTERS))
            now = self.clock()
            room = Room(code, host, secrets.token_hex(16), opened=now, touched=now)
            self._rooms[code] = room
            return room

    def of_host(self, host: str) -> Room | None:
        """The room that a browser presents; asking is a sign that the presenter is there."""
        with self._lock:
            self._sweep()
            room = next((room for room in self._rooms.values() if room.host == host), None)
            if room is not None:
                room.touched = self.clock()
            return room

    def find(self, code: str) -> Room | None:
        """The room of a code, however it is typed; None where there is none or it has ended."""
        wanted = "".join(letter for letter in code.upper() if letter in LETTERS)
        with self._lock:
            self._sweep()
            return self._rooms.get(wanted)

    def close(self, room: Room) -> None:
        """End a room; what it showed and its votes are let go."""
        with self._lock:
            self._rooms.pop(room.code, None)

    def _sweep(self) -> None:
        now = self.clock()
        for code, room in list(self._rooms.items()):
            if now - room.opened > LONGEST_S or now - room.touched > SILENT_S:
                del self._rooms[code]


def voter_of(room: Room, browser: str) -> str:
    """What stands for a browser in a room's votes: it cannot be turned back, and means nothing in another room."""
    return hashlib.sha256(f"{room.salt}|{browser}".encode()).hexdigest()
