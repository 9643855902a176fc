"""The doors that sightings come in by: receive, check, hand to the bus, answer when it is durable."""
