"""What the peers share.

A case as a stream of packets (`stream`), what is held and said of it (`holding`), the nearest anchor (`nearest`), fixes against
outlines (`outlines`).
"""
