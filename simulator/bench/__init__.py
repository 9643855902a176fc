"""ONE FILE A BENCHMARK: `CAPTION` and `run() -> figures`. What it compares is measured in one run, in turns: figures are ratios.

Files without a `CAPTION` are what benchmarks share: a town on foot (`crowd`), the books of a large shop (`books`), a client that is never
the bottleneck (`load`), turns and medians (`rounds`), the least a server can do (`bare`).
"""
