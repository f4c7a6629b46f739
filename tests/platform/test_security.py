"""What each kind of client is told about security."""

from dataclasses import replace

import pytest

from election.model.errors import CannotRun, SettingError
from election.platform.kafka import client_config, make_admin, spark_kafka_options
from election.platform.runtime import Stop, keep_running
from election.platform.settings import Settings, load_settings

SECURE = Settings(
    kafka_security_protocol="SASL_SSL", kafka_sasl_username="spark-streaming", kafka_sasl_password='a"b\\c'
)


def test_without_settings_clients_speak_plainly():
    assert [name for name in client_config(Settings()) if name.startswith(("sasl.", "ssl."))] == []
    assert spark_kafka_options(Settings()) == {
        "kafka.bootstrap.servers": "localhost:9092",
        "kafka.security.protocol": "PLAINTEXT",
    }


def test_a_password_is_quoted_for_java_and_given_as_it_is_to_librdkafka():
    assert client_config(SECURE)["sasl.password"] == 'a"b\\c'
    assert spark_kafka_options(SECURE)["kafka.sasl.jaas.config"] == (
        "org.apache.kafka.common.security.scram.ScramLoginModule required"
        ' username="spark-streaming" password="a\\"b\\\\c";'
    )


def test_a_managed_kafka_may_ask_for_plain():
    options = spark_kafka_options(replace(SECURE, kafka_sasl_mechanism="PLAIN"))
    assert options["kafka.sasl.jaas.config"].startswith("org.apache.kafka.common.security.plain.PlainLoginModule ")
    assert options["kafka.sasl.mechanism"] == "PLAIN"


def test_the_authority_travels_to_sparks_executors(tmp_path):
    settings = replace(SECURE, kafka_ssl_ca_location=str(tmp_path / "ca.pem"))
    (tmp_path / "ca.pem").write_text("PEM")
    assert client_config(settings)["ssl.ca.location"] == str(tmp_path / "ca.pem")
    assert spark_kafka_options(settings)["kafka.ssl.truststore.certificates"] == "PEM"


@pytest.mark.parametrize("setting", ["KAFKA_SSL_CA_LOCATION", "POSTGRES_SSLROOTCERT"])
def test_an_authority_that_cannot_be_read_is_a_mistake_of_the_setting(setting, tmp_path):
    missing = tmp_path / "ca.pem"
    with pytest.raises(SettingError, match=rf"{setting}={missing} can't be read"):
        load_settings({setting: str(missing)})
    assert load_settings({"POSTGRES_SSLROOTCERT": "system"}).postgres["sslrootcert"] == "system"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"kafka_ssl_ca_location": __file__}, "ssl.ca.location failed"),
        ({"kafka_sasl_mechanism": "ROT13"}, "Unsupported SASL mechanism: ROT13"),
    ],
    ids=["no certificate", "no mechanism"],
)
def test_what_kafkas_client_does_not_take_ends_the_script(changes, said):
    with pytest.raises(CannotRun, match=f"no client of Kafka can be made: .*{said}"):
        keep_running(lambda settings, _: make_admin(settings), replace(SECURE, **changes), Stop())


def test_postgresql_is_checked_as_asked():
    settings = replace(SECURE, postgres_sslmode="verify-full", postgres_sslrootcert="/ca.pem")
    assert (settings.postgres["sslmode"], settings.postgres["sslrootcert"]) == ("verify-full", "/ca.pem")
