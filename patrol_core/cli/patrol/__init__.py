"""Patrol games on graphs, and the places they are made from."""
