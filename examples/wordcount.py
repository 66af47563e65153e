"""Counts the words of many files on all processors.

pgflow worker examples/wordcount.py --executor process
pgflow start wordcount --input '{"directory": "docs", "pattern": "*.md"}' --watch
"""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TypedDict

from pgflow import Flow


class Search(TypedDict):
    directory: str
    pattern: str


wordcount = Flow("wordcount", input=Search)


@wordcount.step()
def files(search: Search) -> list[str]:
    return sorted(map(str, Path(search["directory"]).glob(search["pattern"])))


@wordcount.map(files)
def words(file: str) -> dict[str, int]:
    return Counter(re.findall(r"\w+", Path(file).read_text("utf-8").lower()))


@wordcount.step(words)
def most_common(counts: list[dict[str, int]]) -> list[tuple[str, int]]:
    total = Counter[str]()
    for count in counts:
        total.update(count)
    return total.most_common(10)
