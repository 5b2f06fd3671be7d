"""The exceptions of nb201store: one base class, one class for each thing that can be wrong.

A message is one line: what, where (path, section, byte offset), expected, found, and what to do.
Failing input and output stays what Python calls it (`FileNotFoundError`, `PermissionError`, `OSError`).
"""

from __future__ import annotations


class Nb201Error(Exception):
    """Base class of every error that nb201store raises on purpose."""


class FormatError(Nb201Error, ValueError):
    """A file is not a sound nb201store image or archive: bad magic, bad section, truncated.

    Where they are known, `path`, `section` and `offset` (the byte in the file) say what the message says.
    """

    path: str | None = None
    section: str | None = None
    offset: int | None = None


class VersionError(FormatError):
    """A file asks for a newer reader than this one."""


class ChecksumError(FormatError):
    """The bytes of a section are not those that were written."""


class SourceError(Nb201Error, ValueError):
    """A file to read from (an official one, a user's table) is not what it should be, or a pickle names what it must
    not.
    """


class VerifyError(Nb201Error, ValueError):
    """An archive or an image holds another value than its source."""


class ArchError(Nb201Error, ValueError):
    """A code, a string or an official index is not a cell of the space."""


class MissingDataError(Nb201Error, LookupError):
    """A valid question whose answer was never recorded."""


class SettingsError(Nb201Error, ValueError):
    """An argument or option that makes no sense here."""


class SourceWarning(UserWarning):
    """An official file can be read, but is not the one that its name says."""
