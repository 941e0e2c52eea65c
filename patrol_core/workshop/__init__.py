"""Rooms of a workshop: what a presenter shows to all who joined, and how they vote."""

from patrol_core.workshop.picture import option_words, screen_of
from patrol_core.workshop.room import MOST_LETTERS, Ballot, Layer, Room, Screen, Seen
from patrol_core.workshop.rooms import Rooms, voter_of

__all__ = [
    "MOST_LETTERS",
    "Ballot",
    "Layer",
    "Room",
    "Rooms",
    "Screen",
    "Seen",
    "option_words",
    "screen_of",
    "voter_of",
]
