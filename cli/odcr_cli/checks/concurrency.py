"""Whether Lambda lets as many functions run at once as MapConcurrency asks for.

https://docs.aws.amazon.com/lambda/latest/dg/lambda-concurrency.html
"""

from collections.abc import Iterator

from odcr_cli.checks.inputs import CheckInputs
from odcr_cli.checks.line import Level, Line, NotAsked, ask_aws

NAME = "concurrency"
_OTHERS = 2
"""Room for the runs' other functions, and for those that people call."""


def check(inputs: CheckInputs) -> Iterator[Line]:
    """Compares MapConcurrency with the account's unreserved and the function's reserved concurrency."""
    client = inputs.account.client("lambda")
    function = f"{inputs.source.stack.name}-ReserveCapacity"
    places = int(inputs.parameters.get("MapConcurrency") or 40)
    try:
        own = ask_aws("lambda:GetFunctionConcurrency", lambda: client.get_function_concurrency(FunctionName=function))
    except NotAsked:
        own = {}
    reserved = own.get("ReservedConcurrentExecutions")
    if reserved is not None:
        # Reserved concurrency belongs to the function alone, so the account's limit does not matter to it.
        seen = f"{function} has a reserved concurrency of {reserved}, and MapConcurrency is {places}."
        if reserved < places:
            yield Line(NAME, Level.ERROR, seen, "Remove or raise the reserved concurrency.")
        else:
            yield Line(NAME, Level.OK, seen)
    needed = _OTHERS if reserved is not None else places + _OTHERS
    limit = ask_aws("lambda:GetAccountSettings", client.get_account_settings)["AccountLimit"]
    free, total = limit["UnreservedConcurrentExecutions"], limit["ConcurrentExecutions"]
    if free >= needed:
        yield Line(NAME, Level.OK, f"MapConcurrency is {places}, and Lambda has {free} of {total} unreserved.")
    elif reserved is not None:
        seen = f"{free} of the account's {total} concurrent executions are left to the runs' other functions."
        yield Line(NAME, Level.ERROR, seen, "Lower what is reserved, or request an increase of L-B99A9384.")
    else:
        seen = f"{free} of the account's {total} concurrent executions are unreserved, and MapConcurrency is {places}."
        advice = f"Deploy with a MapConcurrency of {max(2, free - _OTHERS)}, or request an increase of L-B99A9384."
        yield Line(NAME, Level.ERROR, seen, advice)
