"""Takes out of a text what tells whose account it is of: the table goes into a public issue.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

import re

ACCOUNT = "ACCOUNT"
_NAME = "NAME"
_REST = r"(?:[\w+=,.@/-]*[\w+=@/-])?"
"""What names of users, roles and sessions are made of; without the full stop of a sentence."""
_RULES = (
    # The name that follows may tell the person: for a session of the Identity Center it is an e-mail address.
    (re.compile(rf"(\barn:[\w-]+:(?:iam|sts):[\w-]*:)\d*:([a-z-]+)/{_REST}"), rf"\g<1>{ACCOUNT}:\g<2>/{_NAME}"),
    # Also one that was cut off.
    (re.compile(r"(\barn:[\w-]+:[\w-]+:[\w-]*:)\d+"), rf"\g<1>{ACCOUNT}"),
    (re.compile(r"(?<![0-9A-Za-z])(?:\d{12}|\d{4}-\d{4}-\d{4})(?![0-9A-Za-z])"), ACCOUNT),
    # Ids of keys, users and roles; after a colon, the session.
    (re.compile(rf"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{{12,}}(?::{_REST})?"), _NAME),
    (re.compile(r"(?i)(encoded authorization failure message: ?)\S+"), r"\g<1>..."),
)


def masked(text: str) -> str:
    """The text without account numbers and names of callers."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
