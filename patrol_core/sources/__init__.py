"""How data come in: one room a source or a step; each returns one documented table."""
