"""A page of a website as text."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import TypedDict
from urllib.parse import urljoin
from urllib.request import urlopen


class Page(TypedDict):
    url: str
    title: str
    text: str
    links: list[str]


def read_page(url: str) -> Page:
    """Fetches a page; raises what urllib raises when the site does not answer with one."""
    with urlopen(url, timeout=10) as answer:  # noqa: S310  the caller chose the site
        return parse_page(url, answer.read().decode())


def parse_page(url: str, html: str) -> Page:
    """The title, the text and the links of a page; links are absolute."""
    reader = _Reader()
    reader.feed(html)
    return {
        "url": url,
        "title": reader.text_in("title"),
        "text": reader.text_in("p"),
        "links": [urljoin(url, link) for link in reader.links],
    }


class _Reader(HTMLParser):
    """Collects text by the element that it stands in, and the targets of links."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self._element = ""
        self._texts: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(dict(attrs).get("href") or "")
        else:
            self._element = tag

    def handle_data(self, data: str) -> None:
        self._texts.append((self._element, data))

    def text_in(self, element: str) -> str:
        found = "".join(text for where, text in self._texts if where == element)
        return " ".join(found.split())
