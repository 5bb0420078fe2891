"""A fuzzer of our own: damaged inputs and run folders, each tried in a process of its own.

`make fuzz MINUTES=60` runs it; `test_fuzz.py` gives it a few seconds. `mutations` and `containers` damage a file,
`samples` are files of every format that is read, `cases` puts a command line and a folder together, `guarded` watches
what comes of it.
"""
