"""Starts a Spark worker with a slot for every task that real-time mode runs at once, or with SPARK_WORKER_CORES.

Slots may be more than the machine's cores: a task that waits for votes takes no time. Each worker alone has enough, so
that the count goes on when another one is lost.

    python deploy/spark-worker.py spark://spark-master:7077
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from election.counting.session import slots_needed
from election.platform.settings import load_settings

if __name__ == "__main__":
    settings = load_settings()
    if not os.environ.get("SPARK_WORKER_CORES"):
        os.environ["SPARK_WORKER_CORES"] = str(slots_needed(settings, settings.kafka_partitions))
    command = ["spark-class", "org.apache.spark.deploy.worker.Worker", "--webui-port", "8081", *sys.argv[1:]]
    os.execvp(command[0], command)  # noqa: S606 - in place of this process, so that signals reach Spark
