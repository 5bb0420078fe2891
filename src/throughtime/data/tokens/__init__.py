"""What a text is cut into for a model: characters, words, pieces of words."""
