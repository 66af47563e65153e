"""Two weather services are asked at once; one of them is not reliable.

`when_exhausted="skip"` lets the run go on without a step that has failed for good. Who depends on
it gets None in its place, and a type checker sees to it that he can take that.
"""

from __future__ import annotations

from typing import TypedDict

from pgflow import Flow


class Question(TypedDict):
    place: str


SATELLITE = {"Bergen": 11.5, "Oslo": 8.0}
STATIONS = {"Bergen": 12.5}

forecast = Flow("forecast", input=Question, max_attempts=2, base_delay=1)


@forecast.step()
async def satellite(question: Question) -> float:
    return SATELLITE[question["place"]]


@forecast.step(when_exhausted="skip")
async def stations(question: Question) -> float:
    return STATIONS[question["place"]]


@forecast.step(satellite, stations)
def answer(from_above: float, from_ground: float | None) -> str:
    if from_ground is None:
        return f"about {from_above:.0f} degrees"
    return f"{(from_above + from_ground) / 2:.1f} degrees"
