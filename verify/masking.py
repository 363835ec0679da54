"""Masks what identifies the account or the caller: the table goes into a public issue.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
"""

import re

ACCOUNT = "ACCOUNT"
_NAME = "NAME"
_REST = r"(?:[\w+=,.@/-]*[\w+=@/-])?"
"""The characters of user, role and session names, without a sentence's full stop."""
_RULES = (
    # The name may identify the person: an Identity Center session is named by an e-mail address.
    (re.compile(rf"(\barn:[\w-]+:(?:iam|sts):[\w-]*:)\d*:([a-z-]+)/{_REST}"), rf"\g<1>{ACCOUNT}:\g<2>/{_NAME}"),
    # Also an ARN that was cut off.
    (re.compile(r"(\barn:[\w-]+:[\w-]+:[\w-]*:)\d+"), rf"\g<1>{ACCOUNT}"),
    (re.compile(r"(?<![0-9A-Za-z])(?:\d{12}|\d{4}-\d{4}-\d{4})(?![0-9A-Za-z])"), ACCOUNT),
    # Ids of keys, users and roles, with a session after a colon.
    (re.compile(rf"\b(?:AKIA|ASIA|AROA|AIDA)[A-Z0-9]{{12,}}(?::{_REST})?"), _NAME),
    (re.compile(r"(?i)(encoded authorization failure message: ?)\S+"), r"\g<1>..."),
)


def masked(text: str) -> str:
    """The text without account numbers and names of callers."""
    for pattern, instead in _RULES:
        text = pattern.sub(instead, text)
    return text
