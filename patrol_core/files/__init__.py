"""Reading files that somebody gave, under limits, and writing files whole or not at all."""
