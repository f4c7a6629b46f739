"""Writes the message contracts into their folder, or checks them."""

from __future__ import annotations

import argparse
import sys

from election.model import schemas


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m election.model.schemas", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 when a file differs")
    options = parser.parse_args(arguments)
    files = schemas.make_files()
    stale = [name for name, text in files.items() if _held(name) != text]
    if options.check:
        if stale:
            sys.stderr.write(f"error: {', '.join(stale)} differ: run python -m election.model.schemas\n")
        return 1 if stale else 0
    for name in stale:
        (schemas.FOLDER / name).write_text(files[name])
    sys.stdout.write(f"{len(files)} files in {schemas.FOLDER}, {len(stale)} of them changed\n")
    return 0


def _held(name: str) -> str | None:
    path = schemas.FOLDER / name
    return path.read_text() if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
