"""Translation: pairs of sentences from files or built in, their numbers and scores."""
