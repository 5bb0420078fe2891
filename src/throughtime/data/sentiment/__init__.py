"""Sentiment: the built-in reviews and ratings, and texts read a few sentences at a time."""
