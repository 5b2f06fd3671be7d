"""The checksums of a large file, worked out beside its reading."""

from __future__ import annotations

import hashlib
import threading
from typing import TYPE_CHECKING

from nb201store.records import Source
from nb201store.upstream.watching import path_named

if TYPE_CHECKING:
    from pathlib import Path

    from nb201store.upstream.source import Progress

_CHUNK = 1 << 20
_TOLD_EVERY_S = 0.1


class FileChecksums:
    """Reads a file on a thread from the moment this is made, and sums up all bytes of it.

    Who reads the same file meanwhile finds it in the system's cache, or fills that for this one: the disk gives each
    byte once.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._done, self._size = 0, path.stat().st_size
        self._md5, self._sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
        self._failed: BaseException | None = None
        self._stopped = False
        self._ended = threading.Event()
        threading.Thread(target=self._run, name="nb201store-checksums", daemon=True).start()

    def stop(self) -> None:
        """Read no further; `source` cannot be asked any more."""
        self._stopped = True

    def source(self, kind: str, container: str, progress: Progress | None) -> Source:
        """Wait for the end, and return the Source of the file; OSError where it could not be read."""
        while not self._ended.wait(_TOLD_EVERY_S):
            if progress is not None:
                progress("checksum", self._done, self._size)
        if self._failed is not None:
            raise self._failed
        name = self._path.absolute().name
        md5, sha256 = self._md5.hexdigest(), self._sha256.hexdigest()
        return Source(kind, name, self._done, md5, sha256, container)

    def _run(self) -> None:
        try:
            with path_named(self._path), self._path.open("rb", buffering=0) as stream:
                while not self._stopped and (chunk := stream.read(_CHUNK)):
                    self._md5.update(chunk)
                    self._sha256.update(chunk)
                    self._done += len(chunk)
        except OSError as error:
            self._failed = error
        finally:
            self._ended.set()
