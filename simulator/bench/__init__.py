"""ONE FILE A BENCHMARK: `CAPTION` and `run() -> figures`. What it compares is measured in one run, in turns: figures are ratios.

Files without a `CAPTION` are what benchmarks share: a town (`crowd`), a house under load (`load`), medians (`rounds`).
"""
