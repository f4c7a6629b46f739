"""Settings, read from the environment here and nowhere else. `.env.example` documents each."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from typing import Any

from election import PROJECT
from election.model.errors import SettingError
from election.platform.values import check_interval, rate_per_second, text_from_file, whole_number

# Who logs in to PostgreSQL and Kafka: the four scripts and the audit.
LOGINS = "main", "voting", "spark-streaming", "streamlit-app", "auditor"
SECURITY_PROTOCOLS = "PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside. Rates are per second, 0 means as fast as possible."""

    election: str = "simulated"
    voters: int | None = None
    rate: float | None = None
    ramp_up_seconds: int = 60

    kafka_bootstrap_servers: str = "localhost:9092"
    kafka_partitions: int = 4
    kafka_replication_factor: int = 1
    kafka_security_protocol: str = "PLAINTEXT"
    kafka_sasl_mechanism: str = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: str | None = field(default=None, repr=False)
    kafka_ssl_ca_location: str | None = None

    postgres_host: str = "localhost"
    postgres_port: int = 5432
    postgres_db: str = "voting"
    postgres_user: str = "postgres"
    postgres_password: str = field(default="postgres", repr=False)
    postgres_sslmode: str = "prefer"
    postgres_sslrootcert: str | None = None
    postgres_admin_user: str = "postgres"
    postgres_admin_password: str = field(default="postgres", repr=False)
    postgres_main_password: str = field(default="main", repr=False)
    postgres_voting_password: str = field(default="voting", repr=False)
    postgres_spark_streaming_password: str = field(default="spark-streaming", repr=False)
    postgres_streamlit_app_password: str = field(default="streamlit-app", repr=False)
    postgres_auditor_password: str = field(default="auditor", repr=False)

    spark_master: str | None = None
    spark_trigger: str = "real-time"
    spark_checkpoint_interval: str = "60 seconds"
    spark_checkpoint_dir: str = str(PROJECT / "var" / "checkpoints")
    spark_shuffle_partitions: int = 2
    spark_driver_memory: str = "2g"
    spark_jars_dir: str | None = None

    randomuser_url: str = "https://randomuser.me/api/"
    voting_batch_size: int = 4000
    log_level: str = "INFO"
    health_file: str | None = None

    @property
    def postgres(self) -> dict[str, Any]:
        """Keyword arguments for psycopg2.connect."""
        return {
            "host": self.postgres_host,
            "port": self.postgres_port,
            "dbname": self.postgres_db,
            "user": self.postgres_user,
            "password": self.postgres_password,
            "sslmode": self.postgres_sslmode,
            **({"sslrootcert": self.postgres_sslrootcert} if self.postgres_sslrootcert else {}),
        }

    def postgres_password_of(self, login: str) -> str:
        """The password that main.py gives one of LOGINS; '' when there is none."""
        return str(getattr(self, password_setting(login).lower()))

    @property
    def administrator(self) -> Settings:
        """The same, for who may create logins. Raises SettingError when there is no password."""
        password = _required(self, "postgres_admin_password")
        return replace(self, postgres_user=self.postgres_admin_user, postgres_password=password)

    @property
    def kafka_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def real_time(self) -> bool:
        return self.spark_trigger == "real-time"


WHOLE_NUMBERS = {
    "voters": 1,
    "kafka_partitions": 1,
    "kafka_replication_factor": 1,
    "postgres_port": 1,
    "spark_shuffle_partitions": 1,
    "voting_batch_size": 1,
    "ramp_up_seconds": 0,
}


SECRETS = {name for name, held in Settings.__dataclass_fields__.items() if not held.repr}
# Their defaults can be guessed: they hold only where PostgreSQL is on this machine's own addresses.
POSTGRES_PASSWORDS = {name for name in SECRETS if name.startswith("postgres_")}


def load_settings(environment: Mapping[str, str] = os.environ, login: str | None = None) -> Settings:
    """The settings of this process: each is the variable of its name in capitals, or its default; empty means default.

    A secret may also be in the file that VARIABLE_FILE names. `login` is who this process is, one of LOGINS, unless
    POSTGRES_USER or KAFKA_SASL_USERNAME says otherwise. Raises SettingError.
    """
    values: dict[str, object] = {}
    for name in Settings.__dataclass_fields__:
        variable = name.upper()
        text = (text_from_file(variable, environment) if name in SECRETS else "") or environment.get(
            variable, ""
        ).strip()
        if not text:
            continue
        if name in WHOLE_NUMBERS:
            values[name] = whole_number(variable, text, WHOLE_NUMBERS[name])
        elif name == "rate":
            values[name] = rate_per_second(variable, text)
        else:
            values[name] = text
    if login:
        values = {"postgres_user": login, "kafka_sasl_username": login} | values
    settings = Settings(**values)  # type: ignore[arg-type]
    if not _is_this_machine(settings.postgres_host):
        settings = replace(settings, **dict.fromkeys(POSTGRES_PASSWORDS - values.keys(), ""))  # type: ignore[arg-type]
    if settings.postgres_user in LOGINS and "postgres_password" not in values:
        settings = replace(settings, postgres_password=password_of(settings, settings.postgres_user))
    _check(settings)
    return settings


def password_setting(login: str) -> str:
    """The setting that holds the password of one of LOGINS."""
    return f"POSTGRES_{login.upper().replace('-', '_')}_PASSWORD"


def password_of(settings: Settings, login: str) -> str:
    """The password of one of LOGINS. Raises SettingError when there is none."""
    return _required(settings, password_setting(login).lower())


def _required(settings: Settings, name: str) -> str:
    if not (text := getattr(settings, name)):
        raise SettingError(
            f"{name.upper()} is missing: its default is for a PostgreSQL on this machine, not for"
            f" POSTGRES_HOST={settings.postgres_host}"
        )
    return str(text)


def _is_this_machine(host: str) -> bool:
    if host == "localhost" or host.startswith("/"):  # a folder with the server's socket
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _check(settings: Settings) -> None:
    check_interval(settings.spark_checkpoint_interval)
    protocol = settings.kafka_security_protocol
    if protocol not in SECURITY_PROTOCOLS:
        raise SettingError(f"KAFKA_SECURITY_PROTOCOL={protocol!r} is none of {', '.join(SECURITY_PROTOCOLS)}")
    if not settings.kafka_sasl:
        return
    if protocol == "SASL_PLAINTEXT" and settings.kafka_sasl_mechanism.upper() == "PLAIN":
        raise SettingError(
            "KAFKA_SASL_MECHANISM=PLAIN would send the password in clear with KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT:"
            " use SASL_SSL, or a SCRAM mechanism"
        )
    for name in ("kafka_sasl_username", "kafka_sasl_password"):
        if not getattr(settings, name):
            raise SettingError(f"{name.upper()} is missing: KAFKA_SECURITY_PROTOCOL={protocol} needs it")
