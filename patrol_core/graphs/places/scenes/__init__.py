"""Scenes: places to patrol before they are games, and the files they come from."""
