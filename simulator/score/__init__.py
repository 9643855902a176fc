"""Truth on labelled recordings: played through the server's own presence and zones, and through the logic of its peers."""
