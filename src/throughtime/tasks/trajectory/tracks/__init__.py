"""Tracks: positions of a moving thing at known times, from files or from our own physics."""
