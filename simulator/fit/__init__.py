"""How well the pretended noise fits recordings: the same figures of both, side by side. Measuring rooms are pure."""
