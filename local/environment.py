"""The environment in which run.py starts servers and scripts: built, never inherited.

What another program sets for Java, Spark, Kafka, PostgreSQL, Streamlit or Python is not in it, whatever its name.
Imports the standard library only: run.py reads this before its packages are there.
"""

import locale
import os
from collections.abc import Mapping
from functools import cache

# An English UTF-8 language that nearly every machine has, best first; UTF-8 is macOS's.
UTF8_LOCALES = "C.UTF-8", "C.utf8", "en_US.UTF-8", "UTF-8"
KEPT = "PATH", "HOME", "USER", "LOGNAME", "JAVA_HOME", "TERM", "COLORTERM", "NO_COLOR"
PROXIES = "HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "ALL_PROXY", "https_proxy", "http_proxy", "no_proxy", "all_proxy"
# Which authorities this machine trusts, also for a proxy that opens TLS.
AUTHORITIES = "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"
# Some Pythons do not start without these; a server might take a library of theirs.
LIBRARIES = "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "DYLD_FALLBACK_LIBRARY_PATH"
JAVA_LANGUAGE = "-Duser.language=en", "-Duser.country=US"


@cache
def utf8_locale() -> str | None:
    """The language for everything that is started, or None when this machine has none with UTF-8."""
    before = locale.setlocale(locale.LC_CTYPE)
    try:
        for name in UTF8_LOCALES:
            try:
                locale.setlocale(locale.LC_CTYPE, name)
            except locale.Error:
                continue
            return name
        return None
    finally:
        locale.setlocale(locale.LC_CTYPE, before)


def settings_kept() -> set[str]:
    """Our own settings, but those that say where Kafka and PostgreSQL are: run.py brings its own."""
    from election.platform.settings import LOGINS, Settings, password_setting

    names = {name.upper() for name in Settings.__dataclass_fields__ if not name.startswith(("kafka_", "postgres_"))}
    names |= {"KAFKA_PARTITIONS", "STREAMLIT_SERVER_ALLOWED_HOSTS"}
    secrets = {password_setting(login) for login in LOGINS}
    return names | secrets | {f"{name}_FILE" for name in secrets}


def build_environment(inherited: Mapping[str, str] = os.environ, *, for_python: bool = True) -> dict[str, str]:
    """What a server gets, or with `for_python` a script of ours, from what run.py itself has inherited."""
    names = {*KEPT}
    if for_python:
        names |= {*PROXIES, *AUTHORITIES, *LIBRARIES, *settings_kept()}
    language = utf8_locale() or "C"
    kept = {name: value for name, value in inherited.items() if name in names}
    return {"PATH": os.defpath, **kept, "LANG": language, "LC_ALL": language}
