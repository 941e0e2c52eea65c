"""Own events."""
