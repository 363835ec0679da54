"""All beliefs, in the order in which they are asked: later ones depend on earlier ones."""

from botocore.exceptions import BotoCoreError, ClientError

from odcr_cli.checks.line import NotAsked
from odcr_cli.trouble import Trouble
from verify.belief import Belief, Seen, Verdict, not_asked
from verify.beliefs import database, functions, refusals, reservations, runs, tokens
from verify.guard import TooExpensive
from verify.subject import NotInTime, Subject

_BY_NAME = {
    belief.name: belief
    for module in (runs, database, reservations, tokens, refusals, functions)
    for belief in module.BELIEFS
}
BELIEFS = tuple(_BY_NAME.values())


def ask_belief(belief: Belief, subject: Subject) -> Seen:
    """Asks about a belief. An error becomes an answer, so that the others are still asked."""
    if subject.place.is_local and not belief.local:
        return Seen(Verdict.MEANS_NOTHING, "a local cloud answers")
    try:
        return belief.ask(subject)
    except (NotAsked, TooExpensive, Trouble, ClientError, BotoCoreError) as error:
        return not_asked(" ".join(str(error).split())[:300])
    except NotInTime as error:
        return Seen(Verdict.DIFFERS, str(error))
