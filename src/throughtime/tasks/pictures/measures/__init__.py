"""How near generated pictures come to real ones: distances, precision and recall in a classifier's features."""
