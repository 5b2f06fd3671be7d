"""Readers and writers of the official files: the only place that sees a pickle."""

from nb201store.upstream.known import KNOWN_SOURCES, KnownSource
from nb201store.upstream.objects import cell_record, cell_state, trial_record, trial_state
from nb201store.upstream.opening import KINDS, open_source
from nb201store.upstream.source import Progress, Upstream

__all__ = [
    "KINDS",
    "KNOWN_SOURCES",
    "KnownSource",
    "Progress",
    "Upstream",
    "cell_record",
    "cell_state",
    "open_source",
    "trial_record",
    "trial_state",
]
