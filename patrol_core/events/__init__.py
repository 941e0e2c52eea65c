"""Large public events: where units stand and when they move while values change in continuous time."""
