"""The simple methods beside the networks: what can be had without backpropagation."""
