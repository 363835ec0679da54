"""Bad answers of EC2, and the words that each recorded reason has to contain."""

from dataclasses import dataclass

from tests.integration.bad_input.broken_ec2 import Answer, answer, error

CREATE, DESCRIBE, TYPES = "CreateCapacityReservation", "DescribeCapacityReservations", "DescribeInstanceTypes"
PAGE = "<html>\n<head><title>Sign in</title></head><body><p>Welcome to the hotel's wireless network</body></html>"
NOT_AUTHORIZED = (
    "You are not authorized to perform this operation. User: arn:aws:sts::123456789012:assumed-role/"
    "odcr-ReserveCapacityRole-1ABCDEFGHIJKL/odcr-ReserveCapacity is not authorized to perform: "
    "ec2:CreateCapacityReservation on resource: arn:aws:ec2:us-east-1:123456789012:capacity-reservation/* because no "
    f"identity-based policy allows it. Encoded authorization failure message: {'Zm9v' * 150}"
)
"""As long as EC2's are."""


@dataclass(frozen=True)
class AnswerKind:
    """A bad answer to every request of an action."""

    name: str
    action: str
    response: Answer
    status: str
    says: tuple[str, ...]
    """Words in `odcr_status.Reason`: what is wrong, and what to do if anything can be done."""


def create(name: str, response: Answer, status: str, *says: str) -> AnswerKind:
    return AnswerKind(f"create: {name}", CREATE, response, status, says)


def describe(name: str, response: Answer, *says: str) -> AnswerKind:
    """A Region that does not say what is held there: nothing may be bought."""
    says = ("us-east-1 does not say what is held there", "nothing is bought", *says)
    return AnswerKind(f"describe: {name}", DESCRIBE, response, "FAILED", says)


def throttled(name: str, response: Answer) -> AnswerKind:
    """A Region that throttles: neither the row nor the Region is at fault."""
    says = ("EC2 takes no more requests in us-east-1", "the next run asks again", "RequestLimitExceeded")
    return AnswerKind(f"describe: {name}", DESCRIBE, response, "THROTTLED", says)


def reservations(content: str) -> Answer:
    return answer(DESCRIBE, f"<capacityReservationSet>{content}</capacityReservationSet>")


def reservation(**changes: str) -> str:
    """A described reservation with these changes; a field that becomes empty is left out."""
    fields = {
        "capacityReservationId": "cr-0123456789abcdef0",
        "instanceType": "r5b.2xlarge",
        "availabilityZone": "us-east-1a",
        "totalInstanceCount": "5",
        "state": "active",
        "createDate": "2026-11-11T00:00:00.000Z",
    } | changes
    return "".join(f"<{name}>{value}</{name}>" for name, value in fields.items() if value)


def item(**changes: str) -> Answer:
    return reservations(f"<item>{reservation(**changes)}</item>")


UNREADABLE = "EC2 gave no readable answer"
QUOTA = "Raise the On-Demand quota of this instance family in Service Quotas"
ROW = "Correct the row"

REFUSALS = [
    create("an unknown code", error(400, "TotallyNew", "Not today."), "FAILED", "TotallyNew", "Not today.", "log"),
    create("an unknown code with 500", error(500, "BrandNew", "Out of order."), "FAILED", "BrandNew", "Out of order."),
    create("an unknown code with 503", error(503, "Elsewhere", "Moved."), "FAILED", "Elsewhere", "Moved."),
    create(
        "a missing right", error(403, "UnauthorizedOperation", NOT_AUTHORIZED), "FAILED", "UnauthorizedOperation", "IAM"
    ),
    create(
        "an unknown key",
        error(401, "AuthFailure", "AWS was not able to validate the credentials"),
        "FAILED",
        "AuthFailure",
    ),
    create("no such action", error(400, "InvalidAction", "The action is not valid"), "FAILED", "InvalidAction"),
    create(
        "a type that the zone lacks",
        error(400, "Unsupported", "Not in this zone."),
        "UNSUPPORTED",
        "Not in this zone.",
        "asked again every ten minutes",
    ),
    create(
        "a Region to opt in to",
        error(401, "OptInRequired", "Not subscribed."),
        "FAILED",
        "Not subscribed.",
        "Enable the Region",
    ),
    *(
        create(
            f"the quota {code}",
            error(400, code, "Quota is used up."),
            "QUOTA_EXCEEDED",
            code,
            "Quota is used up.",
            QUOTA,
        )
        for code in ("VcpuLimitExceeded", "InstanceLimitExceeded", "ResourceCountExceeded", "MaxIOPSLimitExceeded")
    ),
    create(
        "no capacity, each time",
        error(500, "InsufficientInstanceCapacity", "None."),
        "SHORT",
        "no more",
        "odcr keeps asking",
    ),
    create("too many requests", error(503, "RequestLimitExceeded", "Slow down."), "THROTTLED", "RequestLimitExceeded"),
    create(
        "a token used for something else, each time",
        error(400, "IdempotentParameterMismatch", "Token used."),
        "FAILED",
        "keeps changing",
        "IdempotentParameterMismatch",
        "next run tries again",
    ),
]

UNREADABLES = [
    create("no XML", Answer(200, "OK"), "FAILED", UNREADABLE),
    create("an HTML page", Answer(200, PAGE, "text/html"), "FAILED", UNREADABLE),
    create("an HTML page with 502", Answer(502, PAGE, "text/html"), "FAILED", "502", "Bad Gateway"),
    create("an HTML page with 404", Answer(404, PAGE, "text/html"), "FAILED", UNREADABLE),
    create("nothing", Answer(200, ""), "FAILED", UNREADABLE),
    create("nothing with 500", Answer(500, ""), "FAILED", "500", "Internal Server Error"),
    create("half an answer", Answer(200, answer(CREATE).body[:90]), "FAILED", UNREADABLE),
    create("JSON", Answer(200, '{"CapacityReservation": {}}', "application/json"), "FAILED", UNREADABLE),
    create("an answer without a reservation", answer(CREATE), "FAILED", UNREADABLE),
    create(
        "a reservation without an id",
        answer(CREATE, f"<capacityReservation>{reservation(capacityReservationId='')}</capacityReservation>"),
        "FAILED",
        UNREADABLE,
    ),
    create(
        "a count that is not a number",
        answer(CREATE, f"<capacityReservation>{reservation(totalInstanceCount='five')}</capacityReservation>"),
        "FAILED",
        UNREADABLE,
    ),
    AnswerKind("types: no XML", TYPES, Answer(200, "OK"), "FAILED", (UNREADABLE,)),
    AnswerKind(
        "types: a missing right",
        TYPES,
        error(403, "UnauthorizedOperation", "No."),
        "FAILED",
        ("UnauthorizedOperation", "IAM"),
    ),
]

DESCRIPTIONS = [
    describe("an unknown code", error(400, "TotallyNew", "Not today."), "TotallyNew", "Not today."),
    describe("an unknown code with 500", error(500, "BrandNew", "Out of order."), "BrandNew"),
    describe("a missing right", error(403, "UnauthorizedOperation", NOT_AUTHORIZED), "UnauthorizedOperation"),
    describe("a Region that is not enabled", error(401, "AuthFailure", "Not valid."), "AuthFailure"),
    throttled("too many requests", error(503, "RequestLimitExceeded", "Slow down.")),
    describe("an HTML page", Answer(200, PAGE, "text/html"), UNREADABLE),
    describe("nothing", Answer(200, ""), UNREADABLE),
    *(
        AnswerKind(
            f"describe: a reservation without its {field}",
            DESCRIBE,
            item(**{field: ""}),
            "FAILED",
            ("Nothing is bought", "only in part", "Look at it in the EC2 console"),
        )
        for field in ("capacityReservationId", "instanceType", "availabilityZone", "totalInstanceCount", "state")
    ),
    describe("a count that is not a number", item(totalInstanceCount="five"), UNREADABLE),
    describe("an invalid date", item(createDate="yesterday"), UNREADABLE),
    describe("no list of reservations", answer(DESCRIBE), UNREADABLE),
    describe(
        "pages without end",
        answer(DESCRIBE, "<capacityReservationSet/><nextToken>again</nextToken>"),
        "PaginationError",
    ),
]

EC2_ANSWERS = [*REFUSALS, *UNREADABLES, *DESCRIPTIONS]
