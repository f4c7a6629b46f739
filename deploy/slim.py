"""Removes from a virtual environment what the project's packages bring and nothing here uses: half of its size.

    python slim.py VENV

It stops when a pattern matches nothing, so that the lists stay true when packages change.
"""

import platform
import shutil
import sys
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

# Machine learning, graphs, Hive, Kubernetes, YARN, Connect, the Scala shell.
UNUSED_JARS = (
    *("spark-mllib*", "spark-graphx*", "spark-hive*", "spark-kubernetes*", "spark-yarn*", "spark-connect*"),
    *("spark-repl*", "spark-pipelines*", "hive-*", "datanucleus-*", "derby*", "breeze*", "spire*", "cats-*"),
    *("lapack-*", "arpack*", "blas-*", "JTransforms-*", "kubernetes-*", "volcano-*", "vertx-*", "zjsonpatch-*"),
    *("algebra_*", "scala-compiler-*", "jline-*", "netty-*-osx-*", "netty-*-windows-*"),
)
# Parts of Arrow for services that nobody asks here, tests, headers, and the map widget's notebook.
UNUSED_FILES = (
    *("pyspark/examples", "pyspark/data", "pyspark/jars/connect-repl", "pydeck/nbextension"),
    *("pyarrow/include", "pyarrow/tests", "pyarrow/libarrow_flight*", "pyarrow/_flight*"),
    *("pyarrow/_substrait*", "numpy/**/tests", "pandas/tests"),
)
ROCKSDB_LIBRARIES = {"x86_64": "librocksdbjni-linux64.so", "aarch64": "librocksdbjni-linux-aarch64.so"}


def keep_own_library(jar: Path) -> None:
    """Drops RocksDB's native libraries for other systems from its jar."""
    slim = jar.with_suffix(".part")
    with ZipFile(jar) as old, ZipFile(slim, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if not name.startswith("librocksdbjni-") or name == ROCKSDB_LIBRARIES[platform.machine()]:
                new.writestr(name, old.read(name))
    slim.replace(jar)


def remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink()


if __name__ == "__main__":
    packages = next(Path(sys.argv[1]).glob("lib/python3*/site-packages"))
    jars = packages / "pyspark" / "jars"
    for folder, patterns in ((jars, UNUSED_JARS), (packages, UNUSED_FILES)):
        for pattern in patterns:
            found = list(folder.glob(pattern))
            if not found:
                sys.exit(f"nothing matches {folder / pattern}: look again at what is unused")
            for path in found:
                remove(path)
    keep_own_library(next(jars.glob("rocksdbjni-*.jar")))
