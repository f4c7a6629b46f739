"""The whole election on this machine, without Docker: needs Python 3.11 or later and Java 17 or later, nothing else.

    python3 run.py                      everything: Kafka, PostgreSQL, the four scripts; Ctrl-C stops it
    python3 run.py services             Kafka and PostgreSQL only, for scripts started by hand
    python3 run.py test                 every check and every test
    python3 run.py --help               the options

This file only makes .venv and installs what requirements.lock pins, by its hashes; local/cli.py does the rest.
"""

import hashlib
import os
import shutil
import subprocess
import sys

MINIMUM_PYTHON = (3, 11)
PROJECT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(PROJECT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
STAMP = os.path.join(VENV, "installed.sha256")


def fail(message):
    sys.exit("error: " + message)


def check_python():
    if sys.version_info >= MINIMUM_PYTHON:
        return
    names = ["python3.%d" % minor for minor in range(20, MINIMUM_PYTHON[1] - 1, -1)]
    newer = next((name for name in names if shutil.which(name)), None)
    hint = "run it with the one that is there: %s run.py" % newer if newer else "install a newer one"
    fail("Python %d.%d or later is needed, this is %s: %s" % (MINIMUM_PYTHON + (sys.version.split()[0], hint)))


def wanted(lock):
    """What the installed packages depend on, as one hash."""
    with open(os.path.join(PROJECT, lock), "rb") as file:
        return hashlib.sha256(sys.version.encode() + file.read()).hexdigest()


def ensure_packages(lock):
    stamps = ""
    if os.path.exists(STAMP) and os.path.exists(PYTHON):
        with open(STAMP) as file:
            stamps = file.read()
    if wanted(lock) in stamps:
        return
    if not os.path.exists(PYTHON) and subprocess.call([sys.executable, "-m", "venv", VENV]) != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        fail("the virtual environment .venv could not be made: on Debian and Ubuntu, apt install python3-venv")
    print("installing %s into .venv (the first time takes a minute or two)" % lock, flush=True)
    pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock]
    if subprocess.call(pip, cwd=PROJECT) != 0:
        fail("the packages could not be installed (pip says why above): check the network, then run this again")
    with open(STAMP, "a") as file:
        file.write(wanted(lock) + "\n")


def main():
    check_python()
    testing = sys.argv[1:2] in (["test"], ["bench"])
    ensure_packages("requirements-dev.lock" if testing else "requirements.lock")
    os.chdir(PROJECT)
    os.execv(PYTHON, [PYTHON, "-m", "local.cli"] + sys.argv[1:])


if __name__ == "__main__":
    main()
