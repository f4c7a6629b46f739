"""What `python3 run.py` does once its packages are there: finds the command's module and hands over to it.

Each command is one module with `add_arguments(parser)` and `run(options) -> int`, the exit code.
"""

import argparse
import errno
import importlib
import logging
import os
import sys

from election.model.errors import CannotRun, ElectionError, Stopped
from local.processes import call

COMMANDS = {
    "run": ("local.run", "the whole election on this machine; Ctrl-C stops it (the default)"),
    "services": ("local.services", "only Kafka and PostgreSQL, for scripts started by hand"),
    "test": ("local.test", "every check and every test"),
    "bench": ("bench", "the benchmarks"),
    "import": ("local.bring.importing", "brings a published results file into a folder that can be run"),
    "check": ("local.bring.checking", "checks an election's folder and says all that is wrong with it"),
    "doctor": ("local.doctor", "looks at what this machine has and lacks, in about a second"),
    "lab": ("local.labs", "short lessons, each something to do and to see"),
}


def parse_arguments(arguments: list[str], options: argparse.Namespace) -> None:
    """Fills in the options of the command that comes first, else of `run`; `command` is its module."""
    named = bool(arguments) and arguments[0] in COMMANDS
    name = arguments[0] if named else "run"
    module, summary = COMMANDS[name]
    command = importlib.import_module(module)
    overview = "\n".join(f"  {other:<10}{line}" for other, (_, line) in COMMANDS.items())
    parser = argparse.ArgumentParser(
        prog=f"run.py {name}" if named else "run.py",
        usage=None if named else "run.py [COMMAND] [OPTION ...]",
        description=summary[0].upper() + summary[1:] + ".",
        epilog=None if named else f"commands, each with a --help of its own:\n{overview}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    parser.set_defaults(command=command)
    parser.parse_args(arguments[1:] if named else arguments, options)


def main(arguments: list[str]) -> int:
    """The exit code; expected problems end in one line."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    options = argparse.Namespace(stop=None)
    try:
        if arguments[:1] == ["bench"]:  # which reads its own
            return call([sys.executable, "-m", *arguments])
        parse_arguments(arguments, options)
        return int(options.command.run(options))
    except (Stopped, KeyboardInterrupt, ElectionError) as error:
        # What fails after a signal fails because of it.
        if not isinstance(error, ElectionError) or (options.stop and options.stop.is_set()):
            print("stopped", flush=True)
            return 0
        hint = "\n`python3 run.py doctor` looks for the cause on this machine" if isinstance(error, CannotRun) else ""
        print(f"error: {error}{hint}", file=sys.stderr)
        return 1
    except OSError as error:
        if error.errno in (errno.EPIPE, errno.EIO):  # who read this is gone, and with it who could be told
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            return 1
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            said = "the disk is full: make room, or keep the election elsewhere with --folder"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            said = f"{error.filename} can't be used ({error.strerror}): run this as its owner, or give another --folder"
        else:
            raise
        print(f"error: {said}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
