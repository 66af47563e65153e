"""What the handlers do, the same for all peers: nothing but return a small dict."""

from __future__ import annotations

from typing import Any

INPUTS: dict[str, dict[str, Any]] = {
    "hello": {"first_name": "Ada", "last_name": "Lovelace"},
    "diamond": {"url": "https://example.com/a/page"},
}


def full_name(person: dict[str, Any]) -> dict[str, Any]:
    return {"name": f"{person['first_name']} {person['last_name']}"}


def greeting(full_name: dict[str, Any]) -> dict[str, Any]:
    return {"greeting": f"Hello, {full_name['name']}!"}


def website(page: dict[str, Any]) -> dict[str, Any]:
    return {"content": page["url"]}


def sentiment(website: dict[str, Any]) -> dict[str, Any]:
    return {"score": len(website["content"])}


def summary(website: dict[str, Any]) -> dict[str, Any]:
    return {"summary": website["content"][:10]}


def save(sentiment: dict[str, Any], summary: dict[str, Any]) -> dict[str, Any]:
    return {"saved": [sentiment["score"], summary["summary"]]}
