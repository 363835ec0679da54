from dataclasses import replace

from odcr.domain.reservation import client_token
from odcr.domain.target import USUAL_OPTIONS, ReservationOptions, TargetKey

KEY = TargetKey("r5b.2xlarge", "ap-northeast-1c")


def test_the_same_intent_gives_the_same_token_in_any_order() -> None:
    assert client_token("odcr/x", KEY, USUAL_OPTIONS, ["b", "a"], 15, "") == client_token(
        "odcr/x", KEY, USUAL_OPTIONS, ["a", "b"], 15, occasion=""
    )


def test_another_intent_gives_another_token() -> None:
    tokens = [
        client_token("odcr/x", KEY, USUAL_OPTIONS, [], 15, ""),
        client_token("odcr/y", KEY, USUAL_OPTIONS, [], 15, ""),
        client_token("odcr/x", TargetKey("r5b.2xlarge", "ap-northeast-1a"), USUAL_OPTIONS, [], 15, ""),
        client_token("odcr/x", TargetKey("r5b.xlarge", "ap-northeast-1c"), USUAL_OPTIONS, [], 15, ""),
        client_token("odcr/x", KEY, ReservationOptions(platform="Windows"), [], 15, ""),
        client_token("odcr/x", KEY, USUAL_OPTIONS, ["cr-1"], 15, ""),
        client_token("odcr/x", KEY, USUAL_OPTIONS, [], 14, ""),
        client_token("odcr/x", replace(KEY, group="web"), USUAL_OPTIONS, [], 15, ""),
        client_token("odcr/x", replace(KEY, group="db"), USUAL_OPTIONS, [], 15, ""),
    ]
    assert len(set(tokens)) == len(tokens)


def test_a_token_is_as_long_as_ec2_allows() -> None:
    token = client_token("odcr/x", KEY, USUAL_OPTIONS, [], 15, "")
    assert len(token) == 64
    assert token.isascii()
