from bench.documents import filled

DOCUMENT = """Before.

<!-- bench: costs -->

old

<!-- end -->
Between.
<!-- bench: catch -->
<!-- end -->
"""


def test_places_are_filled_and_the_rest_stays() -> None:
    once = filled(DOCUMENT, {"costs": "| new |\n"})
    assert once == DOCUMENT.replace("old", "| new |")
    assert filled(once, {"catch": "x"}) == once.replace("catch -->\n<!--", "catch -->\n\nx\n\n<!--")
    assert filled(once, {"costs": "| new |\n"}) == once
