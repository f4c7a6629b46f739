"""The errors. A script or a command that catches ElectionError has caught every error a user can meet.

ElectionError
├── SettingError
├── DefinitionError
├── UsageError
├── CannotRun
└── CannotLook

Stopped, StartAgain, Malformed
"""


class ElectionError(Exception):
    """The message says what is wrong, with which value, and what to do."""


class SettingError(ElectionError):
    """A setting has a value that can't be used."""


class DefinitionError(ElectionError):
    """An election's files can't be used; the message gives file and line."""


class UsageError(ElectionError):
    """A command asks for something that can't be."""


class CannotRun(ElectionError):
    """Something that waiting won't mend: a Java that is too old, a login that is refused, a server that ends."""


class CannotLook(ElectionError):
    """Kafka, PostgreSQL or what the audit needs in them isn't there; the message says which."""


class Stopped(Exception):
    """Ctrl-C or SIGTERM came while waiting."""


class StartAgain(Exception):
    """A dependency changed or failed: the script starts again from the top and loses nothing."""


class Malformed(Exception):
    """A message that can't be used; the text is the reason."""


def first_line(error: BaseException) -> str:
    """The first line of what an error says, without a stack; its type when it says nothing."""
    text = str(error).strip()
    return text.splitlines()[0] if text else type(error).__name__
