"""Speech: recordings and their transcripts, log-mel features, noise and masks, and voices of our own."""
