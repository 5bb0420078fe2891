"""What happens inside a model, what it bears, how far it is to be believed: plain arrays with names, drawn if asked."""
