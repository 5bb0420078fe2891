"""Outputs: what a hidden state says of what comes, as a distribution with its likelihood and samples of it."""
