"""python -m benchmarks [--full] [W1 W4 ...] [--json FILE] [--tiny]"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from types import MappingProxyType

from benchmarks import (
    idle,
    scale,
    w1_hello,
    w2_diamond,
    w3_fan_out,
    w4_latency,
    w5_start,
    w6_growth,
    w7_many_flows,
    w8_recovery,
)
from benchmarks.bench import Bench, Extent, Sample
from benchmarks.machine import circumstances
from benchmarks.peers.environment import create, peers
from benchmarks.plots import draw
from benchmarks.results import Results, merged, write
from benchmarks.server import BenchServer, bench_server

WORKLOADS: Mapping[str, Callable[[Bench], Iterator[Sample]]] = MappingProxyType(
    {
        "W1": w1_hello.run,
        "W2": w2_diamond.run,
        "W3": w3_fan_out.run,
        "W4": w4_latency.run,
        "W5": w5_start.run,
        "W6": w6_growth.run,
        "W7": w7_many_flows.run,
        "W8": w8_recovery.run,
        "scale": scale.run,
        "idle": idle.run,
    }
)


def main() -> int:
    arguments = _parse()
    if arguments.peers:
        create()
    extent: Extent = "full" if arguments.full else "tiny" if arguments.tiny else "quick"
    with bench_server() as server:
        here = circumstances(server.url, _command(arguments), extent)
        _tell(f"{here['processor']}, PostgreSQL {here['PostgreSQL']}, {here['settings']}")
        samples, broken = _measure(server, extent, arguments)
    results = Results(here, samples)
    print(results.to_markdown())
    if arguments.json:
        _keep(results, Path(arguments.json), add=arguments.add)
    return 1 if broken else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("workloads", nargs="*", metavar="W1", help=", ".join(WORKLOADS))
    parser.add_argument("--full", action="store_true", help="everything, which takes half an hour")
    parser.add_argument("--tiny", action="store_true", help="only whether it works")
    parser.add_argument("--peers", action="store_true", help="install the peers first")
    parser.add_argument("--alone", action="store_true", help="leave the peers out")
    parser.add_argument("--json", metavar="FILE", help="keep the results there, with pictures")
    parser.add_argument("--add", action="store_true", help="add to the results in that file")
    arguments = parser.parse_args()
    for name in arguments.workloads:
        if name not in WORKLOADS:
            parser.error(f"there is no workload {name!r}. The workloads are {', '.join(WORKLOADS)}")
    return arguments


def _command(arguments: argparse.Namespace) -> str:
    """What to type to measure that again, wherever the results are kept."""
    flags = [f"--{name}" for name in ("full", "tiny", "alone") if getattr(arguments, name)]
    return " ".join(["python -m benchmarks", *flags, *arguments.workloads])


def _measure(
    server: BenchServer, extent: Extent, arguments: argparse.Namespace
) -> tuple[list[Sample], bool]:
    """The samples of all workloads that were asked for; what breaks one does not end the others."""
    bench = Bench(server, extent, () if arguments.alone else peers())
    samples: list[Sample] = []
    broken = False
    for name in arguments.workloads or WORKLOADS:
        began = time.monotonic()
        try:
            for sample in WORKLOADS[name](bench):
                samples.append(sample)
                _tell(f"{name}: {sample.contender}: {sample.metric}: {sample.value:,.2f}")
        except Exception as error:  # noqa: BLE001 - it is told, and the exit code says it again
            broken = True
            _tell(f"{name} is broken: {error!r}")
        _tell(f"{name}: {time.monotonic() - began:.0f} s")
    return samples, broken


def _keep(results: Results, file: Path, *, add: bool) -> None:
    if add and file.exists():
        results = merged([Results.from_json(file.read_text()), results])
    write(results, file)
    for picture in draw(results, file.with_suffix("")):
        _tell(f"written: {picture}")


def _tell(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
