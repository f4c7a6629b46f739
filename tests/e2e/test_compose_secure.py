"""The secure overlay: TLS and a password everywhere, counted exactly, and whoever is not allowed is refused.

The tests of this file are one story on one stack.
"""

import dataclasses
import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import psycopg2
import pytest
from confluent_kafka import KafkaException
from psycopg2.errors import InsufficientPrivilege

from election.model import topics
from election.model.definition import Election, load_election
from election.model.errors import CannotRun
from election.platform.kafka import make_admin, make_reader
from election.platform.kafka_topics import read_to_end, wait_for_topics
from election.platform.refusals import DENIED
from election.platform.runtime import Stop
from election.platform.settings import LOGINS, Settings
from tests.conftest import execute, wait_for
from tests.support.compose import Stack, assert_exact, running_stack
from tests.support.secured import written

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]

VOTERS = 600
# Each login's service.
SERVICES = {**{login: login for login in LOGINS}, "auditor": "audit"}
RUNNING = "kafka", "postgres", "spark-master", "spark-worker", *SERVICES.values()
ONCE = "secrets", "access"
SERVERS = {"kafka/19092", "postgres/5432"}
SPARK = {"spark-master/7077", "spark-master/8080", "spark-worker/8081", "spark-streaming/4040"}
PAGE = "streamlit-app/8501"
REACHED = {
    **dict.fromkeys(("main", "voting", "audit"), SERVERS),
    **dict.fromkeys(("spark-master", "spark-worker", "spark-streaming"), SERVERS | SPARK),
    "streamlit-app": {*SERVERS, PAGE},
}
READ_CHECKPOINT = "find $SPARK_CHECKPOINT_DIR -type f -exec cat {} + | tr -cd '[:print:]'"
READ_PAGES_OF_SPARK = """
import json
from urllib.request import urlopen

def read(path):
    return urlopen(f"http://spark-streaming:4040{path}", timeout=20).read().decode()

[application] = json.loads(read("/api/v1/applications"))
for page in ("environment", "executors", "StreamingQuery", "SQL", "jobs", "stages"):
    print(read(f"/{page}/"))
for part in ("environment", "sql?details=true"):
    print(read(f"/api/v1/applications/{application['id']}/{part}"))
"""


@pytest.fixture(scope="module")
def election() -> Election:
    return load_election("simulated", VOTERS)


@pytest.fixture(scope="module")
def stack(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    environment = {"VOTERS": str(VOTERS), "RATE": "0", "LOG_LEVEL": "DEBUG"}
    with running_stack(environment, "deploy/secure/compose.yml") as stack:
        authority = tmp_path_factory.mktemp("ca") / "ca.crt"
        authority.write_text(stack.inside("main", "cat", "/run/ca/ca.crt"))
        stack.settings = dataclasses.replace(
            stack.settings,
            kafka_security_protocol="SASL_SSL",
            kafka_ssl_ca_location=str(authority),
            postgres_sslmode="verify-full",
            postgres_sslrootcert=str(authority),
        )
        stack.settings = of(stack, "streamlit-app")
        yield stack


def secret(stack: Stack, login: str, system: str) -> str:
    """A password, from the volume that only its service has."""
    return stack.inside(SERVICES[login], "cat", f"/run/secrets/{system}").strip()


def of(stack: Stack, login: str) -> Settings:
    """This machine's settings with the passwords of a login."""
    return dataclasses.replace(
        stack.settings,
        kafka_sasl_username=login,
        kafka_sasl_password=secret(stack, login, "kafka"),
        postgres_user=login,
        postgres_password=secret(stack, login, "postgres"),
    )


@pytest.fixture(scope="module")
def logins(stack: Stack) -> dict[str, Settings]:
    return {login: of(stack, login) for login in LOGINS}


def test_everything_comes_up_in_order_without_a_restart(stack: Stack) -> None:
    assert {service: stack.state(service) for service in RUNNING} == {
        **dict.fromkeys(RUNNING, (0, "healthy")),
        "audit": (0, "running"),
    }


def test_the_election_is_counted_exactly(stack: Stack, election: Election) -> None:
    stack.wait_counted(election.ballots)
    assert_exact(stack.board(), election)


def test_the_audit_is_clean_and_published_by_its_service(stack: Stack, election: Election) -> None:
    assert f"{election.ballots:,}" in stack.inside("audit", "python", "-m", "election.audit")
    said = f"published on {topics.AUDIT_VERDICTS}: agrees = True"
    wait_for(lambda: said in stack.compose("logs", "audit"), 120, "the service audit publishes its verdict")


def test_kafka_refuses_a_wrong_password(logins: dict[str, Settings]) -> None:
    wrong = dataclasses.replace(logins["voting"], kafka_sasl_password="wrong")
    with pytest.raises(CannotRun, match="Kafka refused KAFKA_SASL_USERNAME=voting"):
        wait_for_topics(wrong, Stop(), [])


@pytest.mark.parametrize("protocol", ["SASL_PLAINTEXT", "SSL"])
def test_kafka_refuses_a_client_without_tls_or_without_a_password(logins: dict[str, Settings], protocol: str) -> None:
    with pytest.raises(KafkaException):
        make_admin(dataclasses.replace(logins["voting"], kafka_security_protocol=protocol)).list_topics(timeout=5)


def test_kafka_refuses_what_is_not_its_users_to_write_or_read(logins: dict[str, Settings]) -> None:
    assert set(written(logins["voting"], [topics.VOTERS, topics.REJECTED_VOTES]).values()) <= DENIED.keys()
    with closing(make_reader(logins["voting"], [topics.VOTES])) as reader:
        with pytest.raises(KafkaException) as refused:
            list(read_to_end(reader))
        assert refused.value.args[0].code() in DENIED


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"postgres_user": "stranger"}, "authentication failed"),
        ({"postgres_password": "wrong"}, "authentication failed"),
        ({"postgres_user": "postgres", "postgres_password": "postgres"}, "authentication failed"),
        ({"postgres_db": "postgres"}, "pg_hba.conf rejects connection"),
        ({"postgres_sslmode": "disable", "postgres_sslrootcert": None}, "no encryption"),
        ({"postgres_sslrootcert": None}, "root certificate file"),
    ],
    ids=["unknown user", "wrong password", "default superuser", "another database", "plain text", "unknown authority"],
)
def test_postgresql_refuses(logins: dict[str, Settings], changes: dict[str, str | None], said: str) -> None:
    with pytest.raises(psycopg2.OperationalError, match=said):
        psycopg2.connect(**dataclasses.replace(logins["voting"], **changes).postgres)


def test_a_server_that_another_authority_signed_is_refused_by_both_clients(
    stack: Stack, logins: dict[str, Settings], tmp_path: Path
) -> None:
    key = "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "/dev/null"
    made = stack.inside("main", "openssl", "req", "-x509", *key, "-subj", "/CN=Another authority", "-days", "1")
    another = tmp_path / "another.crt"
    another.write_text(made)
    trusting = dataclasses.replace(
        logins["voting"], kafka_ssl_ca_location=str(another), postgres_sslrootcert=str(another)
    )
    with pytest.raises(psycopg2.OperationalError, match="certificate verify failed"):
        psycopg2.connect(**trusting.postgres)
    with pytest.raises(KafkaException):
        make_admin(trusting).list_topics(timeout=5)
    assert make_admin(logins["voting"]).list_topics(timeout=20).topics


def test_postgresql_refuses_what_is_not_the_logins_work(logins: dict[str, Settings]) -> None:
    with pytest.raises(InsufficientPrivilege):
        execute(logins["streamlit-app"], "SELECT candidate_id FROM votes")


def test_no_password_is_in_a_log_a_process_list_the_environment_the_image_the_checkpoint_or_a_page(
    stack: Stack, logins: dict[str, Settings]
) -> None:
    admins = stack.inside("postgres", "cat", "/run/secrets/password").strip()
    kafka = stack.inside("kafka", "cat", "/mnt/shared/config/format.arguments")
    secrets = [
        *(text for one in logins.values() for text in (str(one.kafka_sasl_password), one.postgres_password)),
        *(admins, kafka.rsplit("password=", 1)[1].strip("]\n")),
    ]
    assert len({*secrets}) == 12
    assert all(len(text) == 48 for text in secrets)
    spoken = {
        "logs": stack.compose("logs", "--no-color"),
        "processes": stack.compose("top"),
        "containers": stack.docker("inspect", *(f"{stack.name}-{service}-1" for service in RUNNING)),
        "image": stack.docker("history", "--no-trunc", "realtime-election"),
        "checkpoint": stack.inside("spark-streaming", "bash", "-c", READ_CHECKPOINT),
        "pages of Spark": stack.inside("spark-streaming", "python", "-c", READ_PAGES_OF_SPARK),
        "pages": "".join(
            urllib.request.urlopen(f"http://127.0.0.1:{stack.environment[port]}{path}", timeout=20).read().decode()
            for port, path in (("SPARK_PORT", "/"), ("SPARK_PORT", "/json/"), ("DASHBOARD_PORT", "/"))
        ),
    }
    assert all(spoken.values())
    assert [where for where, text in spoken.items() if any(secret in text for secret in secrets)] == []


def test_containers_are_held_tight(stack: Stack) -> None:
    for service in (*RUNNING, *ONCE):
        held = json.loads(stack.docker("inspect", f"{stack.name}-{service}-1"))[0]
        host, user = held["HostConfig"], held["Config"]["User"]
        added = [capability.removeprefix("CAP_") for capability in host["CapAdd"] or []]
        if service == "secrets":  # gives each file to its owner, and reaches nothing
            assert (user, added, host["NetworkMode"]) == ("root", ["CHOWN"], "none")
        else:
            assert user not in ("", "0", "root"), service
            assert added == [], service
        assert host["CapDrop"] == ["ALL"], service
        assert "no-new-privileges:true" in host["SecurityOpt"], service
        assert host["ReadonlyRootfs"] == (service != "kafka"), service
        assert host["Memory"] > 0, service
        published = [at for ports in (host["PortBindings"] or {}).values() for at in ports]
        assert {at["HostIp"] for at in published} <= {"127.0.0.1"}, service


@pytest.mark.parametrize("service", REACHED)
def test_a_container_reaches_what_it_needs_only(stack: Stack, service: str) -> None:
    addresses = " ".join({*SERVERS, *SPARK, PAGE, "kafka/9093"})
    probe = f'for at in {addresses}; do timeout 5 bash -c "</dev/tcp/$at" && echo $at & done 2> /dev/null; wait'
    assert {*stack.inside(service, "bash", "-c", probe).split()} == REACHED[service]


def test_nobody_ends_the_count_from_sparks_page(stack: Stack) -> None:
    page = sparks_page(stack, "/")
    assert "realtime-election" in page
    assert "app/kill" not in page
    [application] = running_applications(stack)
    with suppress(urllib.error.HTTPError):
        sparks_page(stack, "/app/kill/", f"id={application}&terminate=true".encode())
    assert running_applications(stack) == [application]


def sparks_page(stack: Stack, path: str, posted: bytes | None = None) -> str:
    address = f"http://127.0.0.1:{stack.environment['SPARK_PORT']}{path}"
    return urllib.request.urlopen(address, posted, timeout=20).read().decode()


def running_applications(stack: Stack) -> list[str]:
    return [application["id"] for application in json.loads(sparks_page(stack, "/json/"))["activeapps"]]


def test_each_service_has_its_own_secrets_only(stack: Stack, logins: dict[str, Settings]) -> None:
    for service in SERVICES.values():
        assert stack.inside(service, "ls", "/run/secrets").split() == ["kafka", "postgres"], service
    assert len({login.kafka_sasl_password for login in logins.values()}) == len(SERVICES)


def test_the_authority_can_sign_nothing_more(stack: Stack) -> None:
    files = stack.compose("run", "--rm", "--no-TTY", "secrets", "ls", "-R", "/secrets").split()
    assert {"ca.crt", "kafka.pem", "postgres.key"} <= {*files}
    assert "ca.key" not in files


@pytest.mark.slow
def test_a_second_start_carries_on_with_the_same_secrets(stack: Stack, election: Election) -> None:
    before = secret(stack, "voting", "kafka")
    stack.compose("down")
    stack.compose("up", "--wait")
    assert secret(stack, "voting", "kafka") == before
    assert_exact(stack.board(), election)
