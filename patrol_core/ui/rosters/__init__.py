"""Patrol areas, shifts and rosters."""
