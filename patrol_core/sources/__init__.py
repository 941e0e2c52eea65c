"""How data come in: one module a source or a step; each returns one documented table."""
