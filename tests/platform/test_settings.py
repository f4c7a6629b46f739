"""Settings from the environment."""

import pytest

from election.model.errors import SettingError
from election.platform.settings import LOGINS, SECRETS, Settings, load_settings, password_setting


def test_without_variables_and_with_empty_ones_the_defaults_hold():
    assert load_settings({}) == load_settings({"VOTERS": "", "RATE": "  "}) == Settings()


def test_variables_are_read_by_their_names():
    settings = load_settings({"VOTERS": "20", "RATE": "0.5", "KAFKA_PARTITIONS": "8", "SPARK_TRIGGER": "1 second"})
    assert (settings.voters, settings.rate, settings.kafka_partitions) == (20, 0.5, 8)
    assert not settings.real_time


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("VOTERS", text) for text in ("0", "many", "100000001")),
        *(("RATE", text) for text in ("-1", "nan", "inf")),
        *(("KAFKA_SASL_MECHANISM", "SCRAM-SHA512"), ("POSTGRES_SSLMODE", "verify_full")),
        *(("SPARK_TRIGGER", text) for text in ("realtime", "1", "often")),
        *(("SPARK_DRIVER_MEMORY", text) for text in ("2GB", "2 g", "much")),
        *(("SPARK_CHECKPOINT_INTERVAL", text) for text in ("3 seconds", "4999 milliseconds", "often", "5")),
    ],
)
def test_a_bad_value_is_named(name, value):
    with pytest.raises(SettingError, match=f"{name}='{value}'"):
        load_settings({name: value})


def test_each_login_takes_its_own_password_and_name():
    given = {"POSTGRES_VOTING_PASSWORD": "hunter2", "POSTGRES_SPARK_STREAMING_PASSWORD": "other"}
    settings = load_settings(given, "voting")
    assert (settings.postgres_password, settings.kafka_sasl_username) == ("hunter2", "voting")


def test_a_user_that_is_given_takes_the_place_of_the_login():
    settings = load_settings({"POSTGRES_USER": "me", "POSTGRES_PASSWORD": "mine", "KAFKA_SASL_USERNAME": "I"}, "voting")
    assert (settings.postgres_user, settings.postgres_password, settings.kafka_sasl_username) == ("me", "mine", "I")


def test_a_secret_may_be_in_a_file_and_is_not_shown(tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    for name in SECRETS:
        settings = load_settings({f"{name.upper()}_FILE": str(tmp_path / "secret")})
        assert getattr(settings, name) == "hunter2"
        assert "hunter2" not in repr(settings)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"POSTGRES_PASSWORD_FILE": "/nowhere"}, "POSTGRES_PASSWORD_FILE=/nowhere can't be read: No such file"),
        ({"POSTGRES_PASSWORD_FILE": "/dev/null"}, "POSTGRES_PASSWORD_FILE=/dev/null is empty"),
        ({"POSTGRES_PASSWORD_FILE": "/nowhere", "POSTGRES_PASSWORD": "x"}, "both set"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL"}, "KAFKA_SASL_PASSWORD is missing"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_SSL", "KAFKA_SASL_PASSWORD_FILE": "/nowhere"}, "KAFKA_SASL_PASSWORD_FILE"),
        ({"KAFKA_SECURITY_PROTOCOL": "TLS"}, "KAFKA_SECURITY_PROTOCOL='TLS' is not one of PLAINTEXT"),
        ({"KAFKA_SECURITY_PROTOCOL": "SASL_PLAINTEXT", "KAFKA_SASL_MECHANISM": "PLAIN"}, "send the password in clear"),
    ],
)
def test_what_is_missing_or_wrong_is_named(environment, said):
    with pytest.raises(SettingError, match=said):
        load_settings(environment, "voting")


NEAR = "localhost", "127.0.0.1", "127.1.2.3", "::1", "/var/run/postgresql"
FAR = "db", "10.0.0.5", "127.example", "localhost,db", "host.docker.internal", "postgres"


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("host", FAR)
def test_a_default_password_does_not_hold_on_another_machine(host, login):
    missing = password_setting(login)
    with pytest.raises(SettingError, match=f"{missing} is missing: its default is .*POSTGRES_HOST={host}"):
        load_settings({"POSTGRES_HOST": host}, login)
    for variable in ("POSTGRES_PASSWORD", missing):
        assert load_settings({"POSTGRES_HOST": host, variable: "hunter2"}, login).postgres_password == "hunter2"
    with pytest.raises(SettingError, match="POSTGRES_ADMIN_PASSWORD is missing"):
        assert load_settings({"POSTGRES_HOST": host, missing: "hunter2"}, login).administrator


@pytest.mark.parametrize("login", LOGINS)
@pytest.mark.parametrize("host", NEAR)
def test_on_this_machine_nobody_has_to_think_of_passwords(host, login):
    settings = load_settings({"POSTGRES_HOST": host}, login)
    assert (settings.postgres_user, settings.postgres_password) == (login, login)
    assert settings.administrator.postgres_password == "postgres"
