"""The whole election on this machine, without Docker: needs Python 3.11 or later and Java 17 or later, nothing else.

    python3 run.py                      everything: Kafka, PostgreSQL, the four scripts; Ctrl-C stops it
    python3 run.py services             Kafka and PostgreSQL only, for scripts started by hand
    python3 run.py doctor               looks at what this machine has and lacks
    python3 run.py --help               the other commands, and the options

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
LOCKS = ["requirements.lock", "requirements-dev.lock"]
# What the installer needs to reach packages. Its other variables say where to install, and would break the set-up.
PIP_KEPT = ["INDEX_URL", "EXTRA_INDEX_URL", "FIND_LINKS", "NO_INDEX", "TRUSTED_HOST", "CERT", "CLIENT_CERT", "PROXY"]
PIP_KEPT += ["CACHE_DIR", "CONFIG_FILE", "DEFAULT_TIMEOUT", "TIMEOUT", "RETRIES"]
# Characters that class paths, and the shells that Spark and PostgreSQL start, do not take as they are.
REFUSED = ':"$`\\'


def fail(message):
    sys.exit("error: " + message)


def check_python():
    if sys.version_info >= MINIMUM_PYTHON:
        return
    names = ["python3.%d" % minor for minor in range(20, MINIMUM_PYTHON[1] - 1, -1)]
    newer = next((name for name in names if shutil.which(name)), None)
    hint = "run it with the one that is there: %s run.py" % newer if newer else "install a newer one"
    fail("Python %d.%d or later is needed, this is %s: %s" % (MINIMUM_PYTHON + (sys.version.split()[0], hint)))


def check_place():
    odd = sorted(set(REFUSED + "\n\r") & set(PROJECT))
    if odd:
        what = "the project's folder %r has %s in its path, which Java or PostgreSQL can't take: rename it"
        fail(what % (PROJECT, odd))


def clean_environment():
    """Without what other programs set for Python and pip, and in a language that every Python prints."""
    from local.environment import utf8_locale

    kept = {}
    for name, value in os.environ.items():
        pip = name.startswith("PIP_") and name[4:] not in PIP_KEPT
        if not pip and not name.startswith("PYTHON") and name not in ("VIRTUAL_ENV", "__PYVENV_LAUNCHER__"):
            kept[name] = value
    language = utf8_locale()
    return dict(kept, PIP_USER="0", **({"LC_ALL": language} if language else {}))


def digest(lock):
    """The hash of what a lock says."""
    with open(os.path.join(PROJECT, lock), "rb") as file:
        return hashlib.sha256(file.read().replace(b"\r\n", b"\n")).hexdigest()


def wanted(lock):
    """What the installed packages depend on, as one line."""
    return " ".join([digest(lock)] + sys.version.split())


def installed():
    """The lines of what .venv has whole; none when there is no .venv, or it is of a Python that is gone."""
    try:
        with open(STAMP) as file:
            return file.read().splitlines() if os.path.exists(PYTHON) else []
    except (OSError, UnicodeDecodeError):
        return []


def call(command, environment, **options):
    return subprocess.call(command, cwd=PROJECT, env=environment, **options)


def ensure_venv(environment):
    """Makes .venv where there is none with a pip that works."""
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    whole = os.path.exists(PYTHON) and call([PYTHON, "-m", "pip", "--version"], environment, **quiet) == 0
    if not whole and call([sys.executable, "-m", "venv", "--clear", VENV], environment) != 0:
        fail("the virtual environment .venv could not be made: on Debian and Ubuntu, apt install python3-venv")


def ensure_packages(lock, environment):
    if wanted(lock) in installed():
        return
    # One at a time: a second run.py waits here until the first has installed, and then has nothing to do.
    import fcntl

    with open(os.path.abspath(__file__)) as mine:
        fcntl.flock(mine, fcntl.LOCK_EX)
        if wanted(lock) in installed():
            return
        ensure_venv(environment)
        # What another version of this project has installed is no longer whole after this.
        current = [digest(each) for each in LOCKS]
        kept = [line for line in installed() if line.split(" ")[0] in current]
        print("installing %s into .venv (the first time takes a minute or two)" % lock, flush=True)
        pip = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--require-hashes", "-r", lock]
        if call(pip, environment) != 0:
            fail("the packages could not be installed (pip says why above): check the network, then run this again")
        with open(STAMP + ".part", "w") as file:
            file.write("\n".join(kept + [wanted(lock)]))
        os.replace(STAMP + ".part", STAMP)


def hand_over(arguments, environment):
    """Becomes local/cli.py, in .venv's Python and in the folder of whoever called: relative paths are theirs."""
    os.execve(PYTHON, [PYTHON, "-P", "-m", "local.cli"] + arguments, dict(environment, PYTHONPATH=PROJECT))


def main():
    check_python()
    check_place()
    sys.path.insert(0, PROJECT)
    environment = clean_environment()
    testing = sys.argv[1:2] in (["test"], ["bench"])
    ensure_packages(LOCKS[testing], environment)
    hand_over(sys.argv[1:], environment)


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("stopped")
