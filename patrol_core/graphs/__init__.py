"""Games on graphs: checkpoints on road networks."""
