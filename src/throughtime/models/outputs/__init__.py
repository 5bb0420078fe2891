"""Output layers: what the hidden state says of the next element, its likelihood and how to sample it."""
