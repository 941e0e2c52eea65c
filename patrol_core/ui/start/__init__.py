"""Start: what is loaded, what changed, the ways in, and the look back."""
