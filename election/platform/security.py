"""How Spark's Kafka source and sink are told to reach Kafka safely."""

from pathlib import Path

from election.model.errors import SettingError
from election.platform.settings import Settings

JAAS = 'org.apache.kafka.common.security.{module} required username="{user}" password="{password}";'


def spark_kafka_options(settings: Settings) -> dict[str, str]:
    """The certificate travels along, so that no executor needs the file."""
    options = {
        "kafka.bootstrap.servers": settings.kafka_bootstrap_servers,
        "kafka.security.protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_sasl:
        options["kafka.sasl.mechanism"] = settings.kafka_sasl_mechanism
        options["kafka.sasl.jaas.config"] = _jaas(settings)
    if settings.kafka_ssl_ca_location:
        options["kafka.ssl.truststore.type"] = "PEM"
        options["kafka.ssl.truststore.certificates"] = _certificate(settings.kafka_ssl_ca_location)
    return options


def _jaas(settings: Settings) -> str:
    scram = settings.kafka_sasl_mechanism.startswith("SCRAM")
    user, password = (
        str(text).replace("\\", "\\\\").replace('"', '\\"')
        for text in (settings.kafka_sasl_username, settings.kafka_sasl_password)
    )
    module = "scram.ScramLoginModule" if scram else "plain.PlainLoginModule"
    return JAAS.format(module=module, user=user, password=password)


def _certificate(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError as error:
        raise SettingError(f"KAFKA_SSL_CA_LOCATION={path} can't be read: {error.strerror}") from None
