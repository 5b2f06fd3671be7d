"""Records in, a Zarr v3 store on the disk, records out. docs/archive.md describes the layout."""

from nb201store.archive.reader import Archive, open_archive, read_records
from nb201store.archive.summary import GroupSummary, Summary
from nb201store.archive.writer import write

__all__ = ["Archive", "GroupSummary", "Summary", "open_archive", "read_records", "write"]
