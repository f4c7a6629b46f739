"""The scripts end when they are told to, whatever they wait for."""

import psutil

from election.platform.postgres import Database, row
from tests.conftest import wait_for


def test_a_script_ends_when_told_to_though_postgresql_hangs(settings, services, stop):
    database = Database(settings, stop)
    scripts = [services.start(part, RATE="50") for part in ("main", "voting")]
    paused = []
    try:
        wait_for(lambda: database.run(lambda one: row(one, "SELECT 1 FROM votes LIMIT 1")), 90, "votes are cast")
        server = psutil.Process(services.postgres.process.pid)
        paused += [server, *server.children(recursive=True)]
        for process in paused:
            process.suspend()
        assert [script.stop() for script in scripts] == [0, 0]
    finally:
        for process in paused:
            process.resume()
        for script in scripts:
            services.parts.pop(script.name).stop()
