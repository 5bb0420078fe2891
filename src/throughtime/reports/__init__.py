"""The report of a run, or of several side by side: one HTML page that opens from disk and needs no network."""
