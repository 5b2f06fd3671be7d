"""The official files that are known, and where their makers publish them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class KnownSource:
    """One published file or folder.

    `size`: about how large it is published, "" where that is not known for certain. `md5_end`: how
    the md5 of the file ends, as upstream wrote it into the name (of a folder: of the single file of
    the same release; "" where the name has none).
    """

    name: str
    kind: str
    holds: str
    size: str
    md5_end: str
    repository: str
    licence: str
    cite: str


_NB201 = "https://github.com/D-X-Y/NAS-Bench-201"
_NATS = "https://github.com/D-X-Y/NATS-Bench"
_CITE_NB201 = (
    "Dong and Yang, NAS-Bench-201: Extending the Scope of Reproducible Neural Architecture Search, "
    "ICLR 2020"
)
_CITE_NATS = (
    "Dong, Liu, Musial and Gabrys, NATS-Bench: Benchmarking NAS Algorithms for Architecture "
    "Topology and Size, TPAMI 2021"
)
_TSS = "15,625 topology cells, 12 and 200 epochs"
_SSS = "32,768 size cells, 1, 12 and 90 epochs"


def _nb201(name: str, kind: str, holds: str, size: str, md5_end: str) -> KnownSource:
    return KnownSource(name, kind, holds, size, md5_end, _NB201, "MIT", _CITE_NB201)


def _nats(name: str, kind: str, holds: str, size: str, md5_end: str) -> KnownSource:
    return KnownSource(name, kind, holds, size, md5_end, _NATS, "MIT", _CITE_NATS)


KNOWN_SOURCES = (
    _nb201(
        "NAS-Bench-201-v1_0-e61699.pth", "v1_0",
        "15,625 topology cells, 200 epochs without times, and 12 epochs of cifar10-valid",
        "2.2 GB", "e61699",
    ),
    _nb201("NAS-Bench-201-v1_1-096897.pth", "v1_1", _TSS, "4.7 GB", "096897"),
    _nb201("NAS-Bench-201-v1_1-archive", "archive", _TSS + ", with weights", "", ""),
    _nats("NATS-tss-v1_0-3ffb9.pickle.pbz2", "nats-file", _TSS, "1 GB", "3ffb9"),
    _nats("NATS-tss-v1_0-3ffb9-simple", "nats-folder", _TSS, "", "3ffb9"),
    _nats("NATS-tss-v1_0-3ffb9-full", "nats-folder", _TSS + ", with weights", "", "3ffb9"),
    _nats("NATS-sss-v1_0-50262.pickle.pbz2", "nats-file", _SSS, "", "50262"),
    _nats("NATS-sss-v1_0-50262-simple", "nats-folder", _SSS, "", "50262"),
    _nats("NATS-sss-v1_0-50262-full", "nats-folder", _SSS + ", with weights", "", "50262"),
)  # fmt: skip
