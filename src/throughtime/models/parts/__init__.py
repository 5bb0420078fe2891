"""What models are put together from, around the recurrent layers: embeddings, encoders, attention, pooling."""
