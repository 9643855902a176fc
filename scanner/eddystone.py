"""What all Eddystone frames share (google/eddystone, protocol-specification.md)."""

SERVICE = "feaa"
"""The 16-bit service whose data carries the frames; the first byte of it is the frame's kind."""

LOSS_TO_1M_DB = 41
"""What the first metre costs, dB: Eddystone states power at 0 m, iBeacon and AltBeacon at 1 m."""
