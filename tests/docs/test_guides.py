"""What the guides tell to type and to write works; what needs a cloud is at least well formed."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import click
import httpx
import pytest
import yaml

from pgflow.cli import pgflow
from pgflow.testing import PgflowDatabase
from tests.docs.guides import GUIDES, NAMES, blocks, commands
from tests.support.commands import CommandLine
from tests.support.engine import Engine
from tests.support.eventually import eventually
from tests.support.stand_ins import PG_CRON, PG_NET, VAULT

ORDER = """\
from pgflow import Flow

order = Flow("order")


@order.step()
def charge() -> str:
    return "charged"
"""
# They go on for ever, or talk to the world.
NOT_RUN = (["cron", "test"], ["worker", "flows/order.py", "--http"])


@pytest.fixture
def shop(
    tmp_path: Path, pgflow_database: PgflowDatabase, monkeypatch: pytest.MonkeyPatch
) -> CommandLine:
    """The command line in the project that the guides speak of."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PGFLOW_DATABASE_URL", pgflow_database.dsn)
    Path("flows").mkdir()
    Path("flows/order.py").write_text(ORDER)
    Path("supabase").mkdir()
    Path("supabase/config.toml").write_text("[db]\nport = 54322\n")
    engine = Engine.connect(pgflow_database.dsn)
    for stand_in in (PG_CRON, PG_NET, VAULT):
        engine.do(stand_in)
    engine.close()
    command_line = CommandLine()
    command_line("deploy", "flows/order.py")
    return command_line


def parse(arguments: list[str]) -> None:
    """Have click read a command, and not run it; fails on anything it does not know."""
    context, command = click.Context(pgflow), pgflow
    while isinstance(command, click.Group):
        name, found, arguments = command.resolve_command(context, arguments)
        assert found is not None, name
        context, command = click.Context(found, info_name=name, parent=context), found
    command.parse_args(context, arguments)


def all_commands(name: str) -> list[list[str]]:
    scripts = [block for language in ("sh", "ini") for block in blocks(name, language)]
    return [arguments for script in scripts for arguments in commands(script)]


def test_every_guide_is_looked_at() -> None:
    ours = {f"{name}.md" for name in NAMES}

    assert ours <= {file.name for file in GUIDES.glob("*.md")}


@pytest.mark.parametrize("name", NAMES)
def test_every_command_is_one(shop: CommandLine, name: str) -> None:
    for arguments in all_commands(name):
        parse(arguments)


@pytest.mark.parametrize("name", [name for name in NAMES if name != "docker"])
def test_the_commands_do_what_they_say(shop: CommandLine, name: str) -> None:
    for arguments in [one for block in blocks(name, "sh") for one in commands(block)]:
        if not any(arguments[: len(start)] == start for start in NOT_RUN):
            answer = shop.attempt(*arguments)
            nothing_to_do = "--once" in arguments and answer.exit_code == 3
            assert answer.exit_code == 0 or nothing_to_do, (arguments, answer)


def test_the_worker_of_the_serverless_guide_answers_its_request(
    shop: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    (module,) = blocks("serverless", "python")
    (request,) = [block for block in blocks("serverless", "sh") if block.startswith("curl")]
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    monkeypatch.setenv("PGFLOW_AUTH_SECRET", "change-me")
    Path("worker.py").write_text(module)
    shop("start", "order", "--input", "{}")
    uvicorn = [sys.executable, "-m", "uvicorn", "worker:app", "--port", "0"]
    process = subprocess.Popen(uvicorn, stderr=subprocess.PIPE, text=True)

    try:
        port = next(
            line.rpartition(":")[2].split()[0] for line in process.stderr or () if "http:" in line
        )
        eventually(lambda: httpx.get(f"http://localhost:{port}/health").status_code == 200)
        here = request.replace("8080", port)
        said = subprocess.run(["sh", "-c", here], capture_output=True, text=True, check=True)
    finally:
        process.send_signal(signal.SIGTERM)
        process.communicate(timeout=60)

    told = json.loads(said.stdout)
    assert (told["status"], told["completed"]) == ("completed", 1)


def test_the_program_of_the_opentelemetry_guide_prints_its_spans(shop: CommandLine) -> None:
    (module,) = blocks("opentelemetry", "python")
    Path("shop.py").write_text(module)

    said = subprocess.run([sys.executable, "shop.py"], capture_output=True, text=True, check=True)

    spans = set(re.findall(r'"name": "(.*)"', said.stdout))
    traces = set(re.findall(r'"trace_id": "(.*)"', said.stdout))
    assert spans >= {"POST /orders", "run order", "step charge", "attempt charge", "look up card"}
    assert len(traces) == 1


def test_the_statement_of_the_opentelemetry_guide_gives_a_run_its_trace(
    shop: CommandLine, pgflow_database: PgflowDatabase
) -> None:
    (statement,) = blocks("opentelemetry", "sql")

    with pgflow_database.connect(autocommit=True) as connection:
        connection.execute(statement.encode())
        (row,) = connection.execute("select carrier from pgflow.run_traces").fetchall()

    assert row[0]["traceparent"].startswith("00-4bf92f")


def test_systemd_takes_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed")
    places = {
        "/srv/shop/.venv/bin/pgflow": "/bin/true",
        "/srv/shop": str(tmp_path),
        "=shop\n": "=root\n",
    }
    for block in blocks("systemd", "ini"):
        name = block.splitlines()[0].rpartition("/")[2]
        for told, here in places.items():
            block = block.replace(told, here)  # noqa: PLW2901  three places, one after the other
        (tmp_path / name).write_text(block)
    units = sorted(tmp_path.iterdir())
    environment = {**os.environ, "SYSTEMD_LOG_LEVEL": "warning"}

    verify = ["systemd-analyze", "verify", "--man=no", *units]
    said = subprocess.run(verify, capture_output=True, text=True, check=False, env=environment)

    assert [unit.name for unit in units] == [
        "shop-batch.service",
        "shop-batch.timer",
        "shop-worker.service",
    ]
    complaints = [line for line in said.stderr.splitlines() if str(tmp_path) in line]
    assert (said.returncode, complaints) == (0, []), said.stderr


def manifests() -> dict[str, Any]:
    found = [yaml.safe_load(block) for block in blocks("kubernetes", "yaml")]
    return {manifest["kind"]: manifest for manifest in found}


def test_the_deployment_is_well_formed() -> None:
    deployment = manifests()["Deployment"]

    assert (deployment["apiVersion"], deployment["metadata"]["name"]) == ("apps/v1", "order-worker")
    spec = deployment["spec"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    (container,) = spec["template"]["spec"]["containers"]
    assert container["readinessProbe"]["httpGet"]["path"] == "/health"
    assert container["ports"][0]["name"] == container["livenessProbe"]["tcpSocket"]["port"]
    assert spec["template"]["spec"]["terminationGracePeriodSeconds"] > 30
    assert container["args"][0] == "pgflow"
    parse(container["args"][1:])


def test_the_cron_job_is_well_formed_and_its_script_works(shop: CommandLine) -> None:
    job = manifests()["CronJob"]
    spec = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    (script,) = container["args"]
    assert (job["apiVersion"], spec["restartPolicy"]) == ("batch/v1", "Never")
    here = script.replace("pgflow", f"{sys.executable} -m pgflow", 1)

    codes = [
        subprocess.run([*container["command"], here], capture_output=True, check=False).returncode,
        subprocess.run(
            [*container["command"], here.replace("order.py", "no.py")],
            capture_output=True,
            check=False,
        ).returncode,
    ]

    assert codes == [0, 1]


def test_the_image_runs_a_command_that_is_one() -> None:
    (dockerfile,) = blocks("docker", "dockerfile")
    lines = dict(line.split(" ", 1) for line in dockerfile.splitlines())

    command, check = json.loads(lines["CMD"]), json.loads(lines["HEALTHCHECK"].removeprefix("CMD "))

    assert command[0] == "pgflow"
    parse(command[1:])
    compile(check[2], "check", "exec")
    assert "8080/health" in check[2]
    assert ":8080" in command


def test_the_services_of_compose_know_each_other() -> None:
    (text,) = blocks("docker", "yaml")
    services = yaml.safe_load(text)["services"]

    for service in services.values():
        assert set(service.get("depends_on", ())) <= set(services)
    parse(services["install"]["command"][1:])
    assert "@database/" in services["worker"]["environment"]["PGFLOW_DATABASE_URL"]
