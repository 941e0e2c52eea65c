"""Area."""
