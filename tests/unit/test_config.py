"""Settings from the environment."""

import pytest

from election.config import SettingError, Settings, load_settings


def test_without_variables_the_defaults_hold():
    assert load_settings({}) == Settings()


def test_an_empty_variable_means_the_default():
    assert load_settings({"VOTERS": "", "RATE": "  "}) == Settings()


def test_variables_are_read_by_their_names():
    settings = load_settings({"VOTERS": "20", "RATE": "0.5", "KAFKA_PARTITIONS": "8", "SPARK_TRIGGER": "1 second"})
    assert (settings.voters, settings.rate, settings.kafka_partitions) == (20, 0.5, 8)
    assert not settings.real_time


@pytest.mark.parametrize(
    ("name", "value"),
    [("VOTERS", "0"), ("VOTERS", "many"), ("RATE", "-1"), ("RATE", "nan"), ("RATE", "inf"), ("POSTGRES_PORT", "x")],
)
def test_a_bad_value_is_named(name, value):
    with pytest.raises(SettingError, match=f"{name}='{value}'"):
        load_settings({name: value})


def test_the_password_is_not_shown():
    assert "hunter2" not in repr(load_settings({"POSTGRES_PASSWORD": "hunter2"}))
