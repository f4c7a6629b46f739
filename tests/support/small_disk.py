"""A disk of its own, so small that it can be filled."""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

BALLAST, PIECE = "ballast", bytes(64 * 1024)


class SmallDisk:
    """A folder that is a file system; `fill` takes what room is left on it, `free` gives it back."""

    def __init__(self, path: Path):
        self.path = path

    def fill(self) -> None:
        with (self.path / BALLAST).open("ab", buffering=0) as ballast:
            for size in (len(PIECE), 1):
                self._write(ballast.fileno(), PIECE[:size])

    @staticmethod
    def _write(file: int, piece: bytes) -> None:
        try:
            while os.write(file, piece):
                pass
        except OSError:
            return

    def free(self) -> None:
        (self.path / BALLAST).unlink()


@contextmanager
def small_disk(path: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mounts one at `path`. Skips the test, loudly, where that is not allowed."""
    path.mkdir()
    options = f"size={megabytes}m,mode=755,uid={os.getuid()}"
    mount = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(path)]
    for rights in ([], ["sudo", "-n"]):
        if subprocess.run([*rights, *mount], capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("NOT TESTED: a small disk can't be mounted here, which needs root")
    try:
        yield SmallDisk(path)
    finally:
        subprocess.run([*rights, "umount", str(path)], check=True)
