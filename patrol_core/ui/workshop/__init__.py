"""Workshop mode: one question at a time in large type, and what the room sees of it."""
