"""Tables of a user's own numbers, attached to an image as columns: one value a cell. See docs/columns.md."""

from nb201store.user_columns.attachment import AttachedColumn, Attachment, attach, detach

__all__ = ["AttachedColumn", "Attachment", "attach", "detach"]
