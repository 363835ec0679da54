"""The wildcards of policies: `*` for any characters, `?` for one.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

import re


def anywhere(pattern: str) -> re.Pattern[str]:
    """Of a text without parts, such as a condition's value."""
    return _compiled(pattern, any_text=".*", any_character=".")


def action(pattern: str) -> re.Pattern[str]:
    """Of an action, such as `ec2:Describe*`; upper and lower case are the same."""
    return _compiled(pattern, any_text=".*", any_character=".", flags=re.IGNORECASE)


def arn(pattern: str) -> re.Pattern[str]:
    """Of an ARN: a wildcard does not reach over a colon, but for a `*` that ends its part."""
    return _compiled(pattern, any_text="[^:]*", any_character="[^:]", ends_part=".*")


def _compiled(
    pattern: str, any_text: str, any_character: str, ends_part: str | None = None, flags: int = 0
) -> re.Pattern[str]:
    pieces = []
    for index, character in enumerate(pattern):
        if character == "*":
            is_last = pattern[index + 1 : index + 2] in ("", ":")
            pieces.append(ends_part if ends_part and is_last else any_text)
        else:
            pieces.append(any_character if character == "?" else re.escape(character))
    return re.compile("".join(pieces), flags | re.DOTALL)
