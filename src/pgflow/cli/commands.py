"""What all commands share: found lazily, common options, errors that are a sentence."""

from __future__ import annotations

import errno
import functools
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

import click

from pgflow.errors import DeploymentError, PgflowError

if TYPE_CHECKING:
    from pgflow.environment import DatabaseUrl
    from pgflow.statements import Statement

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])


class Failure(click.ClickException):
    """The thing itself failed, with a message for people: exit code 1."""

    exit_code = 1


def _remember(context: click.Context, _: click.Parameter, wanted: bool) -> None:
    if wanted:
        context.find_root().meta["pgflow.debug"] = True


def _debug_option() -> click.Option:
    return click.Option(
        ["--debug"],
        is_flag=True,
        expose_value=False,
        callback=_remember,
        help="Show the traceback of an error.",
    )


class Command(click.Command):
    """A command with `--debug`."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_debug_option())


class Group(click.Group):
    """A group of commands; the outermost one turns every error into a sentence."""

    command_class = Command

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.params.append(_debug_option())

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort, BrokenPipeError):
            raise
        except Exception as error:
            if "pgflow.debug" in ctx.find_root().meta:
                raise
            raise Failure(sentence(error)) from error

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        known = self.list_commands(ctx)
        if not ctx.resilient_parsing and args[0] not in known and not args[0].startswith("-"):
            ctx.fail(f"there is no command '{args[0]}'. {_suggestion(args[0], known)}")
        return super().resolve_command(ctx, args)


class LazyGroup(Group):
    """A group that imports a command's module when the command is asked for.

    `places` says for each name where it is: a module of this package, a colon, its name there.
    """

    def __init__(self, *args: Any, places: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._places = places

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(self._places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in self._places:
            return None
        module, _, name = self._places[cmd_name].partition(":")
        return getattr(import_module(f"pgflow.cli.{module}"), name)


command = functools.partial(click.command, cls=Command)
group = functools.partial(click.group, cls=Group)


def json_option(command: F) -> F:
    """Gives a command `--json`, which it receives as `as_json`."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")(
        command
    )


def database_option(command: F) -> F:
    """Gives a command `--database-url`; it receives the `DatabaseUrl` to use as `database`."""
    return click.option(
        "--database-url",
        "database",
        metavar="URL",
        callback=_resolve,
        help="The database; by default PGFLOW_DATABASE_URL, EDGE_WORKER_DB_URL, DATABASE_URL or "
        "the project's embedded one.",
    )(command)


def yes_option(command: F) -> F:
    """Gives a command that asks before it destroys something `--yes`."""
    return click.option("--yes", is_flag=True, help="Do not ask.")(command)


def find_database(said: str | None = None) -> DatabaseUrl:
    """The database that a command is about."""
    from pgflow.conninfo import readable
    from pgflow.embedded import running_url
    from pgflow.environment import find_database_url

    return readable(find_database_url(said, embedded=running_url))


def fetch(database: DatabaseUrl, statement: Statement[T]) -> list[T]:
    """The rows of a statement, run on the database of a command."""
    from pgflow.client.connections import Database

    return Database(database.value).fetch(statement)


def check_may_lose_data(database: DatabaseUrl) -> None:
    """Refuses to delete anything in a database that was hardly meant."""
    from pgflow.environment import Environment

    environment = Environment.detect()
    if environment.is_local and not environment.may_destroy(database.value):
        raise DeploymentError(environment.warning(database.value))


def _resolve(context: click.Context, _: click.Parameter, said: str | None) -> DatabaseUrl | None:
    return None if context.resilient_parsing else find_database(said)


def sentence(error: Exception) -> str:
    """What to tell about an error: ours tell it themselves."""
    from pgflow.console import visible
    from pgflow.environment import redact

    if isinstance(error, PgflowError | ValueError):
        return visible(redact(str(error)))
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return "no space left on device. Make room where the output goes, or write it elsewhere"
    told = str(error).strip().splitlines()
    what = f"{type(error).__name__}: {told[0]}" if told else type(error).__name__
    return visible(redact(f"{what}. Run it again with --debug to see where"))


def _suggestion(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, n=1)
    return f"Did you mean '{near[0]}'?" if near else f"The commands are {', '.join(known)}"
