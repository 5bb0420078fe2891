"""The parts of benchmarks/recurrent.py, one file each: `run(asked)` yields the lines of its table."""
