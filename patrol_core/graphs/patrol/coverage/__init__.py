"""Patrol games over what walks cover: labels of one unit, units joined, and programs over targets with oracles."""
