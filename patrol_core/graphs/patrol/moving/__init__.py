"""Patrol games whose attackers move too: walks against walks."""
