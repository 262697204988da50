"""Small valid files of every format, written without the readers under test.

Every module with a function ``sample(folder) -> Path`` is found by the fuzzing tests: it writes a
file, or several, into the folder and returns what to open.
"""
