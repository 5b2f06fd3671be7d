"""Records in, a Zarr v3 store on the disk, records out. docs/archive.md describes the layout."""

from nb201store.archive.reader import Archive, open_archive, read_records
from nb201store.archive.writer import Summary, write

__all__ = ["Archive", "Summary", "open_archive", "read_records", "write"]
