"""Scenes: the noun that every family of patrol instances makes, the path to it, and its files."""
