"""The files of each result, by name: one module a result."""
