"""The simple methods that stand beside the network."""
