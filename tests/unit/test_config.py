from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import pytest

from pgflow.config import Config
from pgflow.errors import DeploymentError
from tests.support.project import Project

KEYS = [field.name for field in fields(Config)]


def write(project: Project, *lines: str) -> Path:
    return project.write("pyproject.toml", "\n".join(["[tool.pgflow]", *lines]))


def test_a_project_that_says_nothing_has_the_defaults(project: Project) -> None:
    project.write("pyproject.toml", "[project]\nname = 'shop'\n")

    assert Config.load(project.directory, variables={}) == Config()


def test_settings_are_read_from_the_nearest_pyproject_upwards(project: Project) -> None:
    write(
        project,
        'flows = ["shop.flows", "jobs/nightly.py"]',
        'migrations = "db/migrations"',
        'compilation = "off"',
        "require_migrations = true",
        "telemetry = true",
    )
    below = project.write("src/shop/__init__.py", "").parent

    config = Config.load(below, variables={})

    assert config == Config(
        flows=("shop.flows", "jobs/nightly.py"),
        migrations=project.directory / "db/migrations",
        compilation="off",
        require_migrations=True,
        telemetry=True,
    )


def test_a_single_flow_needs_no_list(project: Project) -> None:
    write(project, 'flows = "shop.flows"')

    assert Config.load(project.directory, variables={}).flows == ("shop.flows",)


def test_the_environment_beats_the_file(project: Project) -> None:
    write(project, 'compilation = "off"', "require_migrations = true", "telemetry = true")
    variables = {
        "PGFLOW_COMPILATION": "phase1",
        "PGFLOW_REQUIRE_MIGRATIONS": "False",
        "PGFLOW_TELEMETRY": "0",
    }

    config = Config.load(project.directory, variables=variables)

    assert (config.compilation, config.require_migrations) == ("phase1", False)
    assert config.telemetry is False


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("flow = 'a'", "unknown key 'flow'. Did you mean 'flows'?"),
        (
            "require-migrations = true",
            "unknown key 'require-migrations'. Did you mean 'require_migrations'?",
        ),
        (
            "colour = 'red'",
            f"unknown key 'colour'. The keys are {', '.join(KEYS)}",
        ),
        ("flows = 3", "flows is 3, expected a string or a list of strings"),
        ("flows = ['a', 3]", "flows is ['a', 3], expected a string or a list of strings"),
        ("migrations = []", "migrations is [], expected a string"),
        (
            "compilation = 'phase3'",
            "compilation is 'phase3', expected one of 'phase1', 'phase2', 'off'",
        ),
        ("compilation = []", "compilation is [], expected one of 'phase1', 'phase2', 'off'"),
        ("require_migrations = 'yes'", "require_migrations is 'yes', expected true or false"),
        ("telemetry = 1", "telemetry is 1, expected true or false"),
    ],
)
def test_a_mistake_names_the_file_and_the_cure(project: Project, line: str, complaint: str) -> None:
    file = write(project, line)

    with pytest.raises(DeploymentError) as caught:
        Config.load(project.directory, variables={})

    assert str(caught.value) == f"[tool.pgflow] in {file}: {complaint}"


def test_a_broken_file_is_named(project: Project) -> None:
    file = project.write("pyproject.toml", "[tool.pgflow\n")

    with pytest.raises(DeploymentError) as caught:
        Config.load(project.directory, variables={})

    assert str(caught.value).startswith(f"{file} is not valid TOML: ")


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        (
            "PGFLOW_COMPILATION",
            "on",
            "PGFLOW_COMPILATION is 'on', expected one of 'phase1', 'phase2', 'off'",
        ),
        ("PGFLOW_TELEMETRY", "otlp", "PGFLOW_TELEMETRY is 'otlp', expected true or false"),
        (
            "PGFLOW_REQUIRE_MIGRATIONS",
            "maybe",
            "PGFLOW_REQUIRE_MIGRATIONS is 'maybe', expected true or false",
        ),
    ],
)
def test_a_wrong_variable_is_refused(
    project: Project, variable: str, value: str, complaint: str
) -> None:
    with pytest.raises(DeploymentError) as caught:
        Config.load(project.directory, variables={variable: value})

    assert str(caught.value) == complaint
