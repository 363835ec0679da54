"""The table: one row per belief, as Markdown for an issue."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from verify.belief import Belief, Seen, Verdict
from verify.masking import masked


def markdown(
    answers: Iterable[tuple[Belief, Seen]], facts: Mapping[str, str], left: Sequence[str], stays: Sequence[str]
) -> str:
    """The report: facts, the table, and what was left. It does not reveal the account or the caller.

    Args:
        answers: each belief, and what was seen.
        facts: about the verification, e.g. the Region.
        left: what the clean-up could not delete.
        stays: what the deployment created for others, so it is kept.
    """
    answers = list(answers)
    counts = Counter(seen.verdict for _, seen in answers)
    lines = ["# What the account says", ""]
    lines += [f"- {name}: {masked(value)}" for name, value in facts.items()]
    lines += ["- " + ", ".join(f"{counts[verdict]} {verdict}" for verdict in Verdict if counts[verdict]), ""]
    lines += [
        "| belief | verdict | what we assume | what was seen | what to change |",
        "| --- | --- | --- | --- | --- |",
    ]
    for belief, seen in answers:
        change = belief.if_differs if seen.verdict is Verdict.DIFFERS else ""
        cells = (belief.name, f"**{seen.verdict}**", f"{belief.assumes} ([source]({belief.source}))", seen.text, change)
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    nothing = "Nothing else was left." if stays else "Nothing was left."
    if stays:
        lines += ["", "Made by the deployment, and kept for others; delete it by hand if nothing needs it:", ""]
        lines += [f"- `{masked(name)}`" for name in stays]
    lines += ["", nothing if not left else "Left, and to be deleted by hand:", ""]
    lines += [f"- `{masked(name)}`" for name in left]
    return "\n".join(lines).rstrip() + "\n"


def _cell(text: str) -> str:
    """A cell's text without line breaks and bars, masked."""
    return masked(" ".join(text.split())).replace("|", "\\|")
