"""What happens inside a model's recurrent layers: gates, states, gradients; plain arrays with names, drawn if asked."""
