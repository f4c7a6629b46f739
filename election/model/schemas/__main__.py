"""Writes the message contracts into their folder."""

import sys

from election.model import schemas

if __name__ == "__main__":
    files = schemas.make_files()
    for name, text in files.items():
        (schemas.FOLDER / name).write_text(text)
    sys.stdout.write(f"{len(files)} files in {schemas.FOLDER}\n")
