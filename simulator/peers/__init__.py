"""One file an algorithm of other projects, re-implemented from their published logic as baselines. Good for ranking, not for accusing."""
