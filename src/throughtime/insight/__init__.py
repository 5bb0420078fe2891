"""What a trained model does and how far it can be trusted: plain arrays with names, drawn only where asked for."""
