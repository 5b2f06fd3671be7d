"""What a kernel says of each value; the same numbers in the C++ core."""

OK = 0
MISSING = 1
"""Never recorded."""
DAMAGED = 2
"""The file holds a number that cannot be: a row past the last, more hits than images."""
