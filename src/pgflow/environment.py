"""Where we are: on a developer's machine or in production, and on which database."""

from __future__ import annotations

import ipaddress
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import parse_qsl, unquote

from pgflow.errors import DatabaseUnavailable, DatabaseUrlMissing, DeploymentError

# The names of all variables that mean something to pgflow, but those of its pytest plugin, which
# imports nothing.
ENVIRONMENT_VARIABLE = "PGFLOW_ENV"
DATABASE_URL_VARIABLE = "PGFLOW_DATABASE_URL"
SUPABASE_URL_VARIABLE = "EDGE_WORKER_DB_URL"
URL_VARIABLES = (DATABASE_URL_VARIABLE, SUPABASE_URL_VARIABLE, "DATABASE_URL")
# A way past the pooler that the database URL of the environment leads to.
DIRECT_URL_VARIABLE = "PGFLOW_DIRECT_URL"
AUTH_SECRET_VARIABLE = "PGFLOW_AUTH_SECRET"  # noqa: S105  the name of the variable, not its value
COMPILATION_VARIABLE = "PGFLOW_COMPILATION"
REQUIRE_MIGRATIONS_VARIABLE = "PGFLOW_REQUIRE_MIGRATIONS"
TELEMETRY_VARIABLE = "PGFLOW_TELEMETRY"
UI_TOKEN_VARIABLE = "PGFLOW_UI_TOKEN"  # noqa: S105  the name of the variable, not its value
# Set by us, in the processes that we start.
SUPERVISED_VARIABLE = "PGFLOW_SUPERVISED"

# Variables that the hosting platforms set in every process; one is enough.
HOSTED_MARKERS = (
    "DENO_DEPLOYMENT_ID",
    "SB_REGION",
    "KUBERNETES_SERVICE_HOST",
    "K_SERVICE",
    "FLY_APP_NAME",
    "DYNO",
    "RENDER",
    "RAILWAY_ENVIRONMENT",
    "AWS_LAMBDA_FUNCTION_NAME",
    "AWS_EXECUTION_ENV",
    "ECS_CONTAINER_METADATA_URI_V4",
    "GAE_ENV",
    "VERCEL",
    "WEBSITE_INSTANCE_ID",
)

# What people call the database of their compose file, and how a container names its host.
COMPOSE_HOSTS = frozenset(
    {
        "database",
        "db",
        "gateway.docker.internal",
        "host.containers.internal",
        "host.docker.internal",
        "pg",
        "postgres",
        "postgresql",
    }
)
SUPABASE_LOCAL_HOST_PREFIX = "supabase_db_"

# What a shell makes of a variable that is not set must not lead to another database.
_EMPTY_URL = (
    "the database URL is empty, expected postgresql://user:password@host:port/database. "
    "Leave it out to use the database that the environment names"
)


def nothing_runs() -> None:
    """The URL of an embedded database that nobody has."""


class Stage(StrEnum):
    """What the database is for."""

    LOCAL = "local"
    PRODUCTION = "production"


@dataclass(frozen=True, slots=True)
class Environment:
    """Local or production, and how we know.

    Detected from the process's variables: `PGFLOW_ENV` if it is set, else production where a
    hosting platform has left its mark, else local.

    Example:
        >>> Environment.detect({"FLY_APP_NAME": "shop"}).stage
        <Stage.PRODUCTION: 'production'>
    """

    stage: Stage
    reason: str
    is_explicit: bool = False

    @classmethod
    def detect(cls, variables: Mapping[str, str] = os.environ) -> Environment:
        """The environment of this process."""
        said = variables.get(ENVIRONMENT_VARIABLE, "").strip().lower()
        if said:
            return cls(_stage(said), f"{ENVIRONMENT_VARIABLE}={said}", is_explicit=True)
        for marker in HOSTED_MARKERS:
            if marker in variables:
                return cls(Stage.PRODUCTION, f"{marker} is set")
        return cls(Stage.LOCAL, "no hosting platform was recognised")

    @property
    def is_local(self) -> bool:
        """Whether data may be dropped and recreated for convenience."""
        return self.stage is Stage.LOCAL

    @property
    def is_production(self) -> bool:
        """Whether data must be kept."""
        return self.stage is Stage.PRODUCTION

    def expects(self, database_url: str, variables: Mapping[str, str] = os.environ) -> bool:
        """Whether this database is one that belongs to such an environment.

        A local environment that points at a database on another machine most likely lacks a
        variable that would call it production.
        """
        return self.is_production or is_on_this_machine(database_url, variables)

    def may_destroy(self, database_url: str, variables: Mapping[str, str] = os.environ) -> bool:
        """Whether stored runs of this database may be deleted without asking."""
        return self.is_local and (self.is_explicit or self.expects(database_url, variables))

    def warning(self, database_url: str, variables: Mapping[str, str] = os.environ) -> str | None:
        """What to tell the user about an unexpected database, None about an expected one."""
        if self.expects(database_url, variables):
            return None
        hosts = ", ".join(database_hosts(database_url, variables)) or "an unknown host"
        if self.is_explicit:
            return f"the database is on {hosts}, and {self.reason} allows to destroy its data"
        return (
            f"the environment is local ({self.reason}), but the database is on {hosts}: nothing "
            f"that destroys data is done. Set {ENVIRONMENT_VARIABLE}=production, or "
            f"{ENVIRONMENT_VARIABLE}=local if its data may be destroyed"
        )


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database URL and where it was found; its password is never shown."""

    value: str = field(repr=False)
    source: str

    def __str__(self) -> str:
        return redact(self.value)


def find_database_url(
    explicit: str | None = None,
    *,
    variables: Mapping[str, str] = os.environ,
    embedded: Callable[[], str | None] = nothing_runs,
) -> DatabaseUrl:
    """The database to use: the one named explicitly, else by a variable, else the project's own.

    `embedded` gives the URL of the project's embedded database while that runs.
    """
    if explicit is not None:
        if not explicit.strip():
            raise DatabaseUnavailable(_EMPTY_URL)
        return DatabaseUrl(_libpq_url(explicit, "the database URL"), "given explicitly")
    for variable in URL_VARIABLES:
        if value := variables.get(variable):
            return DatabaseUrl(_libpq_url(value, variable), variable)
    if url := embedded():
        return DatabaseUrl(url, "the project's embedded database")
    raise DatabaseUrlMissing(
        f"no database is named: none of {', '.join(URL_VARIABLES)} is set, and the project's "
        "embedded database does not run. Name one with --database-url or a variable, or start the "
        "embedded one with: pgflow db start"
    )


def is_on_this_machine(database_url: str, variables: Mapping[str, str] = os.environ) -> bool:
    """Whether a database is on loopback, a Unix socket or a known host name of a compose file."""
    hosts = database_hosts(database_url, variables)
    return bool(hosts) and all(_is_local_host(host) for host in hosts)


def database_hosts(database_url: str, variables: Mapping[str, str] = os.environ) -> list[str]:
    """The hosts that a URL or key=value string leads to; a Unix socket is its directory.

    Empty when a service file decides.
    """
    parameters = _parameters(database_url)
    addresses = parameters.get("hostaddr") or variables.get("PGHOSTADDR")
    if addresses:
        return addresses.split(",")
    if hosts := parameters.get("host"):
        return [host or "/" for host in hosts.split(",")]
    if parameters.get("service") or variables.get("PGSERVICE"):
        return []
    return (variables.get("PGHOST") or "/").split(",")


def redact(text: str) -> str:
    """Any text, with the passwords of the database URLs in it replaced by `***`.

    Example:
        >>> redact("cannot reach postgresql://app:secret@db.example.com/shop")
        'cannot reach postgresql://app:***@db.example.com/shop'
    """
    text = re.sub(r"(\w+://[^\s:@/]*):[^\s]*@", r"\1:***@", text)
    value = r"'(?:[^'\\]|\\.)*'|(?:[^\s&'\\]|\\.)+"
    return re.sub(rf"(?i)(password\s*=\s*)(?:{value})", r"\1***", text)


def _stage(said: str) -> Stage:
    try:
        return Stage(said)
    except ValueError:
        raise DeploymentError(
            f"{ENVIRONMENT_VARIABLE} is '{said}', expected 'local' or 'production'"
        ) from None


def _libpq_url(url: str, source: str) -> str:
    """The URL as PostgreSQL's own library takes it: SQLAlchemy's driver suffix goes."""
    scheme, separator, rest = url.strip().partition("://")
    if not separator or "=" in scheme:
        return url.strip()
    dialect = scheme.partition("+")[0]
    if dialect not in ("postgres", "postgresql"):
        raise DatabaseUnavailable(f"{source} names a '{dialect}' database, expected postgresql://")
    if re.split("[/?]", rest)[0].count("@") > 1:
        # PostgreSQL would take a part of the password for the host, and show it.
        raise DatabaseUnavailable(
            f"{source} has more than one '@'. Write that of a password as %40"
        )
    return f"{dialect}://{rest}"


def _is_local_host(host: str) -> bool:
    if host.startswith(("/", "@")):
        return True
    name = host.lower().rstrip(".")
    if name in COMPOSE_HOSTS or name.startswith(SUPABASE_LOCAL_HOST_PREFIX):
        return True
    return name == "localhost" or name.endswith(".localhost") or _is_loopback(name)


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False


def _parameters(database_url: str) -> dict[str, str]:
    uri = re.fullmatch(r"\w+(?:\+\w+)?://([^/?]*)(?:/[^?]*)?(?:\?(.*))?", database_url.strip())
    if uri is None:
        return _key_value_parameters(database_url)
    authority, query = uri.groups()
    hosts = [_host(part) for part in authority.rpartition("@")[2].split(",")]
    named = {"host": ",".join(hosts)} if any(hosts) else {}
    return {**named, **dict(parse_qsl(query or ""))}


def _host(host_and_port: str) -> str:
    bracketed = re.match(r"\[([^\]]*)\]", host_and_port)
    return unquote(bracketed[1] if bracketed else host_and_port.partition(":")[0])


def _key_value_parameters(text: str) -> dict[str, str]:
    pairs = re.findall(r"(\w+)\s*=\s*('(?:[^'\\]|\\.)*'|(?:[^\s'\\]|\\.)*)", text)
    return {key: _unquoted(value) for key, value in pairs}


def _unquoted(value: str) -> str:
    inner = value[1:-1] if value.startswith("'") else value
    return re.sub(r"\\(.)", r"\1", inner)
