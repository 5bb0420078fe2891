"""What is kept of a run: its folder, its weights, its report; files that are whole or not there, never pickled."""
