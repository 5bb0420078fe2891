"""Recurrent networks, trained through time."""
