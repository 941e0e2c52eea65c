"""Games on graphs solved by what walks cover: labels per unit, units joined, small programs over marginals, exact prices."""
