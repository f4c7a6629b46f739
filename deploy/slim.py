"""Removes from a virtual environment what the project's packages bring and nothing here uses: half of its size.

    python slim.py VENV

It stops when a pattern matches nothing, so that the lists stay true when packages change.
"""

import shutil
import sys
from pathlib import Path

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


if __name__ == "__main__":
    packages = next(Path(sys.argv[1]).glob("lib/python3*/site-packages"))
    for pattern in (*(f"pyspark/jars/{jar}" for jar in UNUSED_JARS), *UNUSED_FILES):
        found = list(packages.glob(pattern))
        if not found:
            sys.exit(f"nothing matches {packages / pattern}: look again at what is unused")
        for path in found:
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
