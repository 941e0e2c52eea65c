"""Rooms of a workshop: what a presenter shows to all who joined, and how they vote."""

from patrol_core.workshop.picture import option_words, screen_of
from patrol_core.workshop.room import Ballot, Layer, Room, Screen, Seen
from patrol_core.workshop.rooms import Rooms, voter_of

__all__ = ["Ballot", "Layer", "Room", "Rooms", "Screen", "Seen", "option_words", "screen_of", "voter_of"]
