"""Translation: pairs of sentences from files or built in, their numbers, scores and pictures of attention."""
