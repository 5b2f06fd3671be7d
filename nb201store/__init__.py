"""NAS-Bench-201 and NATS-Bench as one memory-mapped file."""

__version__ = "0.1.0"
