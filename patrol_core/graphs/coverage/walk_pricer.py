class WalkPricer:
    pass
