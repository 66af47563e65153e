"""One picture per workload."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from benchmarks.results import Results

METRICS_IN_A_PICTURE = 5


def draw(results: Results, directory: Path) -> list[Path]:
    """Write a PNG per workload; nothing without matplotlib, which the group `bench` brings."""
    try:
        import matplotlib as mpl
    except ModuleNotFoundError:
        return []
    mpl.use("Agg")
    directory.mkdir(parents=True, exist_ok=True)
    by_workload: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for (workload, metric, contender), value in results.medians().items():
        by_workload[workload][metric][contender] = value
    return [_draw(workload, metrics, directory) for workload, metrics in by_workload.items()]


def _draw(workload: str, metrics: dict[str, dict[str, float]], directory: Path) -> Path:
    """Metrics that several contenders have come as bars side by side, else one bar per metric."""
    from matplotlib import pyplot as plt

    compared = {name: bars for name, bars in metrics.items() if len(bars) > 1}
    groups = compared or _by_unit(metrics)
    shown = dict(list(groups.items())[:METRICS_IN_A_PICTURE])
    height = 1 + sum(0.9 + 0.28 * len(bars) for bars in shown.values())
    ratios = [2 + len(bars) for bars in shown.values()]
    figure, axes = plt.subplots(
        len(shown), 1, figsize=(8, height), squeeze=False, height_ratios=ratios
    )
    for axis, (name, bars) in zip(axes[:, 0], shown.items(), strict=True):
        colours = ["#3b6fb6" if label == "pgflow" or not compared else "#b9c3cf" for label in bars]
        drawn = axis.barh(list(bars), list(bars.values()), color=colours)
        axis.bar_label(drawn, fmt="{:,.4g}", padding=3, fontsize=8)
        axis.invert_yaxis()
        axis.margins(x=0.15)
        axis.set_title(f"{workload}: {name}", loc="left", fontsize=10)
        axis.tick_params(labelsize=8)
        axis.spines[["top", "right"]].set_visible(False)
    file = directory / f"{workload}.png"
    figure.tight_layout()
    figure.savefig(file, dpi=110)
    plt.close(figure)
    return file


def _by_unit(metrics: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
    """Figures of ours alone, those of one unit together."""
    groups: dict[str, dict[str, float]] = defaultdict(dict)
    for metric, bars in metrics.items():
        unit = metric.partition(",")[0] if "," in metric and "/s" in metric else _unit(metric)
        groups[unit][metric] = next(iter(bars.values()))
    return groups


def _unit(metric: str) -> str:
    return metric.rpartition("(")[2].rstrip(")") if metric.endswith(")") else metric
