"""The deployed stack as a whole: its first run, its schedule, its prices, and what its runs reserve."""

from collections.abc import Callable

from odcr_cli.door import Row
from verify.belief import Belief, Seen, as_assumed, compared, differs
from verify.subject import TYPE, NotInTime, Subject

_FIRST_RUN_SECONDS = 300
_PRICE_SECONDS = 300


def first_run(subject: Subject) -> Seen:
    """Reads the history of the schedule's first execution."""
    states = subject.client("stepfunctions")
    machine = subject.account.stack.output("StateMachineArn")

    def oldest() -> str | None:
        executions = subject.account.pages("stepfunctions", "list_executions", "executions", stateMachineArn=machine)
        by_schedule = [execution for execution in executions if not execution["name"].startswith("verify-")]
        subject.schedule_runs = [execution["name"] for execution in by_schedule]
        return (
            str(min(by_schedule, key=lambda execution: execution["startDate"])["executionArn"]) if by_schedule else None
        )

    try:
        arn = subject.wait(oldest, "a run that the schedule starts", _FIRST_RUN_SECONDS)
    except NotInTime:
        # The next belief checks the schedule; this one starts a run itself.
        arn = subject.run()["executionArn"]
    ended = subject.ended(arn)
    entered = [
        event["stateEnteredEventDetails"]["name"]
        for event in subject.events(arn)
        if "stateEnteredEventDetails" in event
    ]
    how = "by PrepareDatabase" if "PrepareDatabase" in entered else "without PrepareDatabase"
    if ended["status"] != "SUCCEEDED":
        return differs(f"{ended['status']} {how}: {states.describe_execution(executionArn=arn).get('cause', '')[:200]}")
    versions = [row["Version"] for row in subject.door.rows("odcr_version")]
    seconds = (ended["stopDate"] - ended["startDate"]).total_seconds()
    return compared(
        f"it succeeded {how} in {seconds:.0f} s, and the tables are of version {max(versions, default=0)}",
        is_so="PrepareDatabase" in entered and bool(versions),
    )


def schedule(subject: Subject) -> Seen:
    """Counts the runs that the schedule started, then disables it so that runs come one by one."""
    seen = len(subject.schedule_runs)
    scheduler = subject.client("scheduler")
    schedule_ = scheduler.get_schedule(Name=subject.name)
    kept = ("Name", "GroupName", "ScheduleExpression", "ScheduleExpressionTimezone", "FlexibleTimeWindow", "Target")
    request = {key: schedule_[key] for key in (*kept, "Description", "StartDate", "EndDate") if key in schedule_}
    scheduler.update_schedule(**request, State="DISABLED")
    return compared(f"it started {seen} runs by {schedule_['ScheduleExpression']}", is_so=seen > 0)


def price(subject: Subject) -> Seen:
    """Waits for the price that the stack looks up once a row wants the type."""

    def listed() -> Row | None:
        rows = subject.door.rows("odcr_price", where={"InstanceType": TYPE})
        return next((row for row in rows if row.get("Hourly_Price")), None)

    subject.want(1)
    subject.run()
    subject.want(0)
    try:
        price_row = subject.wait(listed, f"a price of {TYPE}", _PRICE_SECONDS)
    except NotInTime as error:
        return differs(str(error))
    return as_assumed(f"{TYPE} costs {price_row['Hourly_Price']} {price_row['Currency']} an hour")


def _by_runs(count: int, what: str) -> Callable[[Subject], Seen]:
    def ask(subject: Subject) -> Seen:
        before = subject.held()
        subject.want(count)
        runs = subject.run_until(lambda: subject.held() == count, f"{count} held instances")
        return as_assumed(f"{what} from {before} to {count} in {runs} runs, with the role of ReserveCapacity")

    return ask


_TYPE_AND_ROLE = "https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html"
_CHANGE_ROLE = "The statements of ReserveCapacity in template.yaml, and tests/unit/project/rights.py."

BELIEFS = (
    Belief(
        "first run",
        "The first run after a deployment is refused the login, makes the database's user and the tables, and goes on.",
        "https://docs.aws.amazon.com/AmazonRDS/latest/AuroraUserGuide/UsingWithRDS.MasterAccounts.html",
        "functions/odcr/gateways/database_user.py: which rights RDS's administrator has, and how it grants them.",
        first_run,
    ),
    Belief(
        "schedule",
        "EventBridge Scheduler starts runs by itself as soon as the stack is there.",
        "https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html",
        "The state machine's event EveryPeriod in template.yaml.",
        schedule,
    ),
    Belief(
        "price list",
        "The stack finds the price of a type that a row wants, within minutes, and writes it into odcr_price.",
        "https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_pricing_GetProducts.html",
        "functions/odcr/domain/price_pools.py: the product's attributes.",
        price,
    ),
    Belief(
        "role makes",
        f"A row that wants one {TYPE} makes a run reserve one: the role may create with the stack's tag.",
        _TYPE_AND_ROLE,
        _CHANGE_ROLE,
        _by_runs(1, "grew"),
    ),
    Belief(
        "role grows",
        "A raised target makes a run grow the same reservation: the role may modify what bears the stack's tag.",
        _TYPE_AND_ROLE,
        _CHANGE_ROLE,
        _by_runs(2, "grew"),
    ),
    Belief(
        "role reduces",
        "With ReleaseOnLoweredTarget, a lowered target makes the second run give back what is unused.",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-modify.html",
        "functions/odcr/domain/release.py and the role.",
        _by_runs(1, "went"),
    ),
    Belief(
        "role cancels",
        "A target of 0 makes the second run cancel the reservation.",
        "https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/capacity-reservations-release.html",
        _CHANGE_ROLE,
        _by_runs(0, "went"),
    ),
)
