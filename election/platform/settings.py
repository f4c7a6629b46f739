"""Settings, read from the environment here and nowhere else. `.env.example` documents each."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints

import msgspec
from msgspec import Meta

from election import PROJECT
from election.model.errors import SettingError
from election.model.files import MOST_VOTERS

# Who logs in to PostgreSQL and Kafka: the four scripts and the audit.
LOGINS = "main", "voting", "spark-streaming", "streamlit-app", "auditor"
# What a text has to be; a text that is something else is answered with the description.
WHOLE = Meta(ge=1, description="a whole number, 1 or more")
VOTERS = Meta(ge=1, le=MOST_VOTERS, description=f"a whole number from 1 to {MOST_VOTERS:,}")
SECONDS = Meta(ge=0, description="a whole number of seconds, 0 or more")
RATE = Meta(ge=0, le=1e9, description="a rate: give votes per second, or 0 for as fast as possible")


def _one_of(*texts: str) -> Meta:
    return Meta(pattern=f"^({'|'.join(texts)})$", description=f"one of {', '.join(texts)}")


PROTOCOL = _one_of("PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL")
MECHANISM = _one_of("SCRAM-SHA-512", "SCRAM-SHA-256", "PLAIN")
SSLMODE = _one_of("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
TRIGGER = Meta(
    pattern="^(real-time|[0-9]+ (millisecond|second|minute|hour)s?)$",
    description="real-time, or an interval of micro-batches: write '1 second'",
)
SIZE = Meta(pattern="^[1-9][0-9]*[kmgtKMGT]$", description="a size of memory for Java: write 2g")
# Spark would refuse less than five seconds again and again.
INTERVAL = Meta(
    pattern="^(([5-9]|[1-9][0-9]+) seconds?|[1-9][0-9]* (minute|hour|day)s?)$",
    description="an interval of 5 seconds or more, Spark's minimum: write '60 seconds'",
)


@dataclass(frozen=True)
class Settings:
    """Everything that can be set from outside. Rates are per second, 0 means as fast as possible."""

    election: str = "simulated"
    voters: Annotated[int, VOTERS] | None = None
    rate: Annotated[float, RATE] | None = None
    ramp_up_seconds: Annotated[int, SECONDS] = 60

    kafka_bootstrap_servers: str = "localhost:9092"
    kafka_partitions: Annotated[int, WHOLE] = 4
    kafka_replication_factor: Annotated[int, WHOLE] = 1
    kafka_security_protocol: Annotated[str, PROTOCOL] = "PLAINTEXT"
    kafka_sasl_mechanism: Annotated[str, MECHANISM] = "SCRAM-SHA-512"
    kafka_sasl_username: str | None = None
    kafka_sasl_password: str | None = field(default=None, repr=False)
    kafka_ssl_ca_location: str | None = None

    postgres_host: str = "localhost"
    postgres_port: Annotated[int, WHOLE] = 5432
    postgres_db: str = "voting"
    postgres_user: str = "postgres"
    postgres_password: str = field(default="postgres", repr=False)
    postgres_sslmode: Annotated[str, SSLMODE] = "prefer"
    postgres_sslrootcert: str | None = None
    postgres_admin_user: str = "postgres"
    postgres_admin_password: str = field(default="postgres", repr=False)
    postgres_main_password: str = field(default="main", repr=False)
    postgres_voting_password: str = field(default="voting", repr=False)
    postgres_spark_streaming_password: str = field(default="spark-streaming", repr=False)
    postgres_streamlit_app_password: str = field(default="streamlit-app", repr=False)
    postgres_auditor_password: str = field(default="auditor", repr=False)

    spark_master: str | None = None
    spark_trigger: Annotated[str, TRIGGER] = "real-time"
    spark_checkpoint_interval: Annotated[str, INTERVAL] = "5 minutes"
    spark_checkpoint_dir: str = str(PROJECT / "var" / "checkpoints")
    spark_shuffle_partitions: Annotated[int, WHOLE] = 2
    spark_driver_memory: Annotated[str, SIZE] = "2g"
    spark_jars_dir: str | None = None

    randomuser_url: str = "https://randomuser.me/api/"
    voting_batch_size: Annotated[int, WHOLE] = 4000
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

    @property
    def administrator(self) -> Self:
        """The same, for who may create logins. Raises SettingError when there is no password."""
        password = _required(self, "postgres_admin_password")
        return replace(self, postgres_user=self.postgres_admin_user, postgres_password=password)

    @property
    def kafka_sasl(self) -> bool:
        return self.kafka_security_protocol.startswith("SASL")

    @property
    def real_time(self) -> bool:
        return self.spark_trigger == "real-time"


KINDS = get_type_hints(Settings, include_extras=True)
SECRETS = {name for name, held in Settings.__dataclass_fields__.items() if not held.repr}
# Their defaults can be guessed: they hold only where PostgreSQL is on this machine's own addresses.
POSTGRES_PASSWORDS = {name for name in SECRETS if name.startswith("postgres_")}


def load_settings(environment: Mapping[str, str] = os.environ, login: str | None = None) -> Settings:
    """The settings of this process: each is the variable of its name in capitals, or its default; empty means default.

    A secret may also be in the file that VARIABLE_FILE names. `login` is who this process is, one of LOGINS, unless
    POSTGRES_USER or KAFKA_SASL_USERNAME says otherwise. Raises SettingError.
    """
    values: dict[str, Any] = {"postgres_user": login, "kafka_sasl_username": login} if login else {}
    for name, kind in KINDS.items():
        variable = name.upper()
        text = environment.get(variable, "").strip()
        if name in SECRETS and (file := environment.get(f"{variable}_FILE", "").strip()):
            if text:
                raise SettingError(f"{variable} and {variable}_FILE are both set: keep one")
            text = read_secret(f"{variable}_FILE={file}", Path(file))
        if text:
            values[name] = _convert(variable, text, kind)
    settings = Settings(**values)
    if not _is_this_machine(settings.postgres_host):
        settings = replace(settings, **dict.fromkeys(POSTGRES_PASSWORDS - values.keys(), ""))  # type: ignore[arg-type]
    if settings.postgres_user in LOGINS and "postgres_password" not in values:
        settings = replace(settings, postgres_password=password_of(settings, settings.postgres_user))
    _check_sasl(settings)
    for name in ("kafka_ssl_ca_location", "postgres_sslrootcert"):
        file = getattr(settings, name)
        # "system" is libpq's word for the authorities of the machine.
        if file not in (None, "system") and not os.access(file, os.R_OK):
            raise SettingError(f"{name.upper()}={file} can't be read")
    return settings


def password_setting(login: str) -> str:
    """The setting that holds the password of one of LOGINS."""
    return f"POSTGRES_{login.upper().replace('-', '_')}_PASSWORD"


def password_of(settings: Settings, login: str) -> str:
    """The password of one of LOGINS. Raises SettingError when there is none."""
    return _required(settings, password_setting(login).lower())


def _convert(variable: str, text: str, kind: Any) -> Any:
    try:
        return msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        [wanted] = [meta for part in (kind, *get_args(kind)) for meta in getattr(part, "__metadata__", ())]
        raise SettingError(f"{variable}={text!r} is not {wanted.description}") from None


def read_secret(what: str, path: Path) -> str:
    """A password from its file; `what` names it in the message. Raises SettingError."""
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is no text"
        raise SettingError(f"{what} can't be read: {reason}") from None
    if not text:
        raise SettingError(f"{what} is empty")
    return text


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


def _check_sasl(settings: Settings) -> None:
    if not settings.kafka_sasl:
        return
    protocol = settings.kafka_security_protocol
    if protocol == "SASL_PLAINTEXT" and settings.kafka_sasl_mechanism == "PLAIN":
        raise SettingError(
            "KAFKA_SASL_MECHANISM=PLAIN would send the password in clear with KAFKA_SECURITY_PROTOCOL=SASL_PLAINTEXT:"
            " use SASL_SSL, or a SCRAM mechanism"
        )
    for name in ("kafka_sasl_username", "kafka_sasl_password"):
        if not getattr(settings, name):
            raise SettingError(f"{name.upper()} is missing: KAFKA_SECURITY_PROTOCOL={protocol} needs it")
