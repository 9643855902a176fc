"""Outbox out: claims parcels, sends them through channels, settles what became of them."""
