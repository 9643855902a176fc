"""One file a recorded data set: labelled real traces -> sightings and truth. Nothing here knows what the files hold."""
