"""Who is where, and what changed? Sightings in, zone events out; pure: time is an argument."""
