"""What a kernel says of each value, and the places that stand for no one seed or epoch."""

OK = 0
MISSING = 1
"""Never recorded."""
DAMAGED = 2
"""The file holds a number that cannot be: a row past the last, more hits than images."""

ABSENT = -1
"""Place of a seed or an epoch that the column does not have: every value there is missing."""
