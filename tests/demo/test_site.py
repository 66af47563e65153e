from __future__ import annotations

from urllib.error import HTTPError

import pytest

from pgflow.demo.page import parse_page, read_page
from pgflow.demo.site import serve_site


def test_the_front_page_links_to_the_others() -> None:
    with serve_site() as url:
        front = read_page(url)
        titles = [read_page(link)["title"] for link in front["links"]]

    assert front["title"] == "The Corner Bakery"
    assert titles == ["Our bread", "What guests say", "Visit us"]


def test_the_site_is_out_of_order_as_often_as_it_is_told() -> None:
    with serve_site(troubles=1) as url:
        with pytest.raises(HTTPError, match="503: Service Unavailable") as caught:
            read_page(url)
        caught.value.close()

        assert read_page(url)["title"] == "The Corner Bakery"


def test_a_page_that_is_not_there_is_not_found() -> None:
    with serve_site() as url, pytest.raises(HTTPError, match="404: Not Found") as caught:
        read_page(f"{url}../../etc/passwd")
    caught.value.close()


def test_links_and_text_inside_a_paragraph_are_kept_apart() -> None:
    page = parse_page("http://site/a/", "<title>T</title><p>Read <a href='b'>this</a>\n now.</p>")

    assert page == {
        "url": "http://site/a/",
        "title": "T",
        "text": "Read this now.",
        "links": ["http://site/a/b"],
    }
