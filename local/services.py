"""`run.py services`: Kafka and PostgreSQL, for scripts started by hand."""

import argparse
import shlex
import sys

from election.model.errors import CannotRun
from local.pipeline import Pipeline
from local.run import add_folder, begin, say_moved_ports

add_arguments = add_folder


def run(options: argparse.Namespace) -> int:
    """Kafka and PostgreSQL until Ctrl-C, and what each script's terminal needs."""
    stop = begin(options)
    with Pipeline(options.folder) as pipeline:
        say_moved_ports(pipeline, "Kafka", "PostgreSQL")
        pipeline.start_services(stop)
        exports = "\n".join(f"export {name}={shlex.quote(value)}" for name, value in pipeline.environment.items())
        print(
            "Kafka and PostgreSQL are up. In each terminal, from this folder:\n\n"
            f'export PATH={shlex.quote(sys.prefix)}/bin:"$PATH"\n{exports}\n\n'
            "then one of, in any order:\n\n"
            "python main.py\npython voting.py\npython spark-streaming.py\npython -m streamlit run streamlit-app.py\n\n"
            "Ctrl-C here stops both.",
            flush=True,
        )
        while not stop.wait(1):
            for name, server in (("Kafka", pipeline.kafka), ("PostgreSQL", pipeline.postgres)):
                if server.process and not server.process.running:
                    raise CannotRun(f"{name} ended; {server.process.end_of_log()}")
    return 0
