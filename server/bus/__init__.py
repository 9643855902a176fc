"""What passes between doors, the path and people: sightings into lanes, news to whoever listens."""
