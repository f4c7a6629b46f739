"""The errors, one tree: a script or a command that catches ElectionError has caught every error a user can meet.

ElectionError            the message says what is wrong, with which value, and what to do
├── SettingError         a setting has a value that can't be used
├── DefinitionError      an election's files can't be used
├── UsageError           a command asks for something that can't be
├── CannotRun            waiting won't mend it
│   ├── JavaNotUsable    no Java, too old a Java, or one without a module that Spark needs
│   ├── JarsNotAvailable the jars could not be resolved, or are not the ones that jars.lock names
│   ├── NotStarted       a server or script did not come up, or ends again and again
│   └── AlreadyRunning   another run.py uses the same folder
└── CannotLook           the audit could not see what it needs
    └── SealUnreadable   the file is no seal

Stopped                  Ctrl-C or SIGTERM came while waiting
StartAgain               a dependency changed or failed: the script starts again from the top and loses nothing
Malformed                a message can't be used; the text is the reason
"""


class ElectionError(Exception):
    """The message says what is wrong, with which value, and what to do."""


class SettingError(ElectionError):
    """A setting has a value that can't be used; the message names it, the value and what would do."""


class DefinitionError(ElectionError):
    """An election's files can't be used; the message gives file, line and what to do."""


class UsageError(ElectionError):
    """A command asks for something that can't be; the message says what to do."""


class CannotRun(ElectionError):
    """Something that waiting won't mend."""


class JavaNotUsable(CannotRun):
    """No Java, too old a Java, or one without a module that Spark needs."""


class JarsNotAvailable(CannotRun):
    """The jars could not be resolved, or are not the ones that the lock names."""


class NotStarted(CannotRun):
    """A server or a script did not come up, or ends again and again; the message names its log."""


class AlreadyRunning(CannotRun):
    """Another run.py uses the same folder."""


class CannotLook(ElectionError):
    """Kafka, PostgreSQL or what the audit needs in them isn't there; the message says which."""


class SealUnreadable(CannotLook):
    """The file is no seal."""


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
