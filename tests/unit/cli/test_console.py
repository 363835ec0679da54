"""What the pages show, and how they handle errors. tests/browser tests how they look."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest

from odcr_cli.console.app import create_app
from odcr_cli.console.guard import form_token
from odcr_cli.console.history_cache import HistoryCache
from odcr_cli.console.run_cache import EndedRunsCache, LastRunCache
from odcr_cli.demands import Demand
from odcr_cli.door import Changed
from odcr_cli.trouble import Trouble
from tests.browser import scenes
from tests.unit.cli.fake_source import NOW, FakeSource
from tests.unit.cli.page_client import HERE, PageClient, logged_in

PAGES = ("/demands/", "/runs/", "/runs/run-999", "/capacity/", "/plots/")
FAILED = "/runs/run-999?state=ReserveShortfalls/ReserveBranch/ReserveCapacity"


@dataclass
class Recorder:
    """Records changes instead of making them."""

    answer: Changed = field(default_factory=lambda: Changed(True, 1, [], []))
    made: list[tuple[str, Decimal, Decimal, bool]] = field(default_factory=list)
    started: int = 0
    trouble: str = ""

    def change_target(self, demand: Demand, was: Decimal, wanted: Decimal, *, is_trial: bool) -> Changed:
        self._maybe_fail()
        self.made.append((demand.name, was, wanted, is_trial))
        return self.answer

    def start_run(self) -> str:
        self._maybe_fail()
        self.started += 1
        return "run-999"

    def _maybe_fail(self) -> None:
        if self.trouble:
            raise Trouble(self.trouble)


class Stage:
    """One application for all tests, because each one compiles its templates again."""

    def __init__(self) -> None:
        self.source: Callable[[], Any] = FakeSource
        self.app = create_app(lambda: self.source(), token="token")


STAGE = Stage()


def reader(source: Callable[[], Any], changes: Recorder | None = None) -> PageClient:
    """A client of the page on a source."""
    STAGE.source = source if source in (FakeSource, gone) else partial(lambda fixed: fixed, source())
    STAGE.app.config.update(
        CHANGES=changes, HISTORY=HistoryCache(), LAST_RUN=LastRunCache(), ENDED_RUNS=EndedRunsCache()
    )
    return logged_in(STAGE.app)


def gone() -> FakeSource:
    raise Trouble("There is no stack odcr in ap-northeast-1.")


def text_of(client: PageClient, path: str, status: int = 200) -> str:
    """The text of a page."""
    answer = client.get(path, base_url=HERE)
    assert answer.status_code == status
    return " ".join(re.sub(r"<script.*?</script>|<style.*?</style>|<[^>]*>", " ", answer.text, flags=re.DOTALL).split())


def post(client: PageClient, path: str, **form: str) -> Any:
    return client.post(path, base_url=HERE, data={"csrf": form_token("token"), **form})


@dataclass
class Failing(FakeSource):
    """A source with parts that cannot be read."""

    fails: tuple[str, ...] = ()

    def rows(self, table: str, *, since: str = "") -> list[dict[str, Any]]:
        self._maybe_fail(table)
        return super().rows(table, since=since)

    def runs(self, limit: int) -> list[dict[str, Any]]:
        self._maybe_fail("runs")
        return super().runs(limit)

    def reservations(self) -> list[dict[str, Any]]:
        self._maybe_fail("reservations")
        return super().reservations()

    def log_lines(
        self, function: str, start: datetime, end: datetime, *, request: str, limit: int
    ) -> list[dict[str, Any]]:
        self._maybe_fail("log_lines")
        return super().log_lines(function, start, end, request=request, limit=limit)

    def _maybe_fail(self, what: str) -> None:
        if what in self.fails:
            raise Trouble(f"You may not read {what}. Ask for the right.")


def failing(*fails: str) -> Failing:
    scene = scenes.evening()
    return Failing(scene.tables, scene.histories, scene.held, scene.lines, fails=fails)


def test_the_demands_are_shown_with_their_sums_and_reasons() -> None:
    said = text_of(reader(scenes.evening), "/demands/")
    for part in ("120 of 154 instances", "5 of 9 demands", "r5b.2xlarge ap-northeast-1c", "9 / 15", "6 missing"):
        assert part in said
    assert "160 / 200 vCPUs" in said
    assert "EC2 knows no instance type m5.metall. Did you mean m5.metal?" in said
    assert "Quota exceeded" in said


def test_what_needs_attention_comes_first_unless_another_order_is_asked_for() -> None:
    client = reader(scenes.evening)

    def names(path: str) -> list[str]:
        return re.findall(r'<tbody id="(?:row|group)-([\w.]+)', client.get(path, base_url=HERE).text)

    assert names("/demands/")[0] == "m5.metall_20_ap"
    assert names("/demands/")[-1].startswith("m6i.xlarge")
    assert names("/demands/?sort=cost")[0].startswith("c6i.4xlarge")
    assert names("/demands/?sort=missing")[0] == "checkout"
    assert names("/demands/?sort=name") == sorted(names("/demands/?sort=name"))


def test_the_filter_works_without_script() -> None:
    client = reader(scenes.evening)

    def shown(query: str) -> int:
        page = client.get(f"/demands/?{query}", base_url=HERE).text
        return len(re.findall(r"<tbody id=[^>]*>", page)) - len(re.findall(r"<tbody id=[^>]* hidden>", page))

    assert shown("") == 9
    assert shown("q=R5B.2x") == 1
    assert shown("q=ap-northeast-1c+short") == 3
    assert shown("q=c5.2xlarge") == 1, "the pools of a group count"
    assert shown("show=unmet") == 5
    assert shown("show=met&q=c6i") == 1
    assert shown("q=%3Cscript%3E") == 0


def test_an_empty_stack_says_what_to_do() -> None:
    client = reader(FakeSource)
    assert "Nothing is wanted yet. odcr targets set TYPE ZONE COUNT" in text_of(client, "/demands/")
    assert "No run yet" in text_of(client, "/runs/")
    assert "Nothing is reserved." in text_of(client, "/capacity/")
    assert "Nothing is recorded for this time." in text_of(client, "/plots/")


def test_the_runs_are_listed_with_what_they_gained() -> None:
    said = text_of(reader(scenes.evening), "/runs/")
    assert "run-1000" in said
    assert "Failed" in said
    assert "+1" in said
    assert "1:55" in said


def test_a_run_shows_first_what_went_wrong() -> None:
    said = text_of(reader(scenes.evening), "/runs/run-999")
    assert "ReserveCapacity odcr-ReserveCapacity" in said
    assert "Runtime.OutOfMemory" in said
    assert "Attempts" in said


def test_the_graph_speaks_the_readers_language_and_leaves_names_and_errors_as_they_are() -> None:
    client = reader(scenes.evening)
    page = client.get("/runs/run-999?state=ReserveShortfalls/ReserveBranch&language=zh").text
    graph = page[page.index("<svg class=") : page.index('id="state-panel"')]
    for part in ("执行图", ">开始</text>", ", 未执行到", "ReserveCapacity, Task, 已捕获错误", "发生任意错误后"):
        assert part in graph, part
    own = r"\b(not reached|running|succeeded|caught|aborted|failed|retry|retries|entered|otherwise|after|Start|End)\b"
    shown = re.sub("<style>.*?</style>", "", graph, flags=re.DOTALL)
    read = [text or other for text, other in re.findall(r'>([^<]+)<|aria-label="([^"]+)"', shown)]
    assert [text for text in read if re.search(own, text)] == []
    assert "QuotaExceeded" in page


def test_the_items_of_a_map_are_listed_and_the_failing_ones_come_first() -> None:
    page = reader(scenes.evening).get("/runs/run-999?state=ReserveShortfalls/ReserveBranch", base_url=HERE).text
    items = page[page.index('class="items"') :]
    assert items.index("#2</th>") < items.index("#0</th>")
    assert items.index("QuotaExceeded") < items.index("#19</th>")


def test_the_log_of_a_state_is_asked_for_only_on_request_and_of_its_time() -> None:
    asked = []

    @dataclass
    class Asked(FakeSource):
        def log_lines(self, function: str, start: datetime, end: datetime, **more: Any) -> list[dict[str, Any]]:
            asked.append((function, start, end))
            return super().log_lines(function, start, end, **more)

    scene = scenes.evening()
    client = reader(lambda: Asked(scene.tables, scene.histories, scene.held, scene.lines))
    assert "Show the log lines" in text_of(client, FAILED)
    assert asked == []
    said = text_of(client, f"{FAILED}&logs=yes")
    assert "ERROR Refused Code=UnauthorizedOperation" in said
    assert "Lines of other items from the same time are included." in said
    visits = [int(id_) for id_ in re.findall(r'id="visit-(\d+)"', client.get(FAILED, base_url=HERE).text)]
    assert len(visits) == 20
    for visit in visits[:2]:
        text_of(client, f"{FAILED}&logs={visit}")
    text_of(client, f"{FAILED}&logs=999999")
    times = {event["id"]: event["timestamp"] for event in scene.histories["run-999"].events}
    assert {function for function, _, _ in asked} == {"ReserveCapacity"}
    first, second = times[visits[0]], times[visits[1]]
    assert [start for _, start, _ in asked] == [first, first, second, first], "of one visit, the most telling at first"
    whole = max(times[visit] for visit in visits) - min(times[visit] for visit in visits)
    assert all(end - start < whole for _, start, end in asked)


def test_a_long_log_says_that_it_is_cut() -> None:
    scene = scenes.evening()
    assert "The first 200 lines" not in text_of(reader(lambda: scene), f"{FAILED}&logs=yes")
    scene.lines *= 60
    assert "The first 200 lines of this time are shown." in text_of(reader(lambda: scene), f"{FAILED}&logs=yes")


def test_a_state_that_calls_no_function_has_no_log() -> None:
    assert "Log of" not in text_of(reader(scenes.evening), "/runs/run-999?state=IsLeaseHeld")


def test_the_reservations_are_shown_with_whose_they_are() -> None:
    said = text_of(reader(scenes.evening), "/capacity/")
    for part in ("92 of 145 reserved instances", "group checkout", "adopted", "no stack", "2026-11-12 21:00:00 UTC"):
        assert part in said
    assert "no stack" not in text_of(reader(scenes.evening), "/capacity/?whose=ours")
    assert "this stack" not in text_of(reader(scenes.evening), "/capacity/?whose=others").replace("of this stack", "")


def test_each_plot_has_its_numbers_in_a_table() -> None:
    page = reader(scenes.evening).get("/plots/", base_url=HERE).text
    assert page.count('<svg class="plot"') == page.count("<details id=") == 4
    said = text_of(reader(scenes.evening), "/plots/?demand=checkout&span=7d")
    assert "160 200" in said


def test_a_recording_says_of_when_it_is_and_has_nothing_to_refresh() -> None:
    def recorded() -> FakeSource:
        scene = scenes.evening()
        scene.is_live = False
        return scene

    for path in PAGES:
        page = reader(recorded).get(path, base_url=HERE).text
        assert "Recorded at" in page
        assert "2026-11-10 21:00:00 UTC" in page
        assert "data-refresh" not in page
    assert "Logs are not in a recording." in text_of(reader(recorded), FAILED)


def test_the_header_shows_the_age_of_the_last_run() -> None:
    assert "A run has been running for 40 s" in text_of(reader(scenes.evening), "/demands/")

    def idle() -> FakeSource:
        scene = scenes.evening()
        del scene.histories["run-1000"]
        return scene

    assert "Last run 2 min ago, Succeeded" in text_of(reader(idle), "/demands/")
    assert "Last run unknown" in text_of(reader(lambda: failing("runs")), "/demands/")


@pytest.mark.parametrize(
    ("lacks", "path", "still", "is_told"),
    [
        ("reservations", "/capacity/", "Capacity", True),
        ("reservations", "/demands/", "r5b.2xlarge", False),
        ("odcr_status", "/demands/", "Demands", True),
        ("odcr_status", "/runs/", "run-999", False),
        ("odcr_status", "/capacity/", "cr-000f31c9d2ab7745", False),
        ("odcr_status", "/plots/", "Requests to EC2", True),
        ("odcr_history", "/demands/", "r5b.2xlarge", True),
        ("odcr_history", "/runs/", "run-999", True),
        ("odcr_history", "/plots/", "Held and wanted", True),
        ("odcr_price", "/capacity/", "cr-000f31c9d2ab7745", True),
        ("odcr_price", "/plots/", "Held and wanted", True),
        ("runs", "/demands/", "r5b.2xlarge", False),
        ("log_lines", f"{FAILED}&logs=yes", "Runtime.OutOfMemory", True),
    ],
)
def test_a_part_that_cannot_be_read_leaves_the_rest_of_the_page(
    lacks: str, path: str, still: str, is_told: bool
) -> None:
    said = text_of(reader(lambda: failing(lacks)), path)
    assert still in said
    assert (f"You may not read {lacks}. Ask for the right." in said) == is_told


def test_a_missing_stack_is_shown_as_a_page() -> None:
    for path in PAGES:
        said = text_of(reader(gone), path, 502)
        assert "There is no stack odcr in ap-northeast-1." in said
        assert "Demands Runs Capacity Plots" in said


def test_an_unknown_run_is_reported() -> None:
    assert "There is no run nonsense." in text_of(reader(scenes.evening), "/runs/nonsense", 502)


@pytest.mark.parametrize("path", [*PAGES, f"{FAILED}&logs=yes", "/runs/run-1000", "/plots/?demand=<script>"])
def test_hostile_text_stays_text(path: str) -> None:
    client = reader(scenes.hostile)
    page = client.get(path, base_url=HERE)
    assert page.status_code == 200
    assert "<script>alert" not in page.text
    assert "<img" not in page.text
    assert "49" not in re.findall(r"onerror=.alert\(2\).&gt;(\d+)", page.text)


def test_a_read_only_page_has_no_forms_and_refuses_changes() -> None:
    client = reader(scenes.evening)
    for path in PAGES:
        assert 'method="post"' not in client.get(path, base_url=HERE).text
    assert client.get("/change/?demand=r5b.2xlarge+ap-northeast-1c", base_url=HERE).status_code == 403
    for path in ("/change/", "/runs/start"):
        answer = post(client, path, demand="r5b.2xlarge ap-northeast-1c", wanted="99")
        assert answer.status_code == 403
        assert "--allow-changes" in answer.text
    for path in ("/market/pool", "/market/faults", "/market/faults/clear"):
        assert post(client, path).status_code == 404
    assert client.get("/market/", base_url=HERE).status_code == 404
    for path in PAGES:
        assert post(client, path).status_code == 405


def test_the_page_adds_up_each_currency_by_itself() -> None:
    source = scenes.evening()
    for price in source.tables["odcr_price"]:
        if price["Region"] == "eu-central-1":
            price["Currency"] = "EUR"
    client = reader(lambda: source)
    for path in ("/demands/", "/capacity/"):
        assert re.search(r"Cost per hour [0-9,.]+ [A-Z]{3}, [0-9,.]+ [A-Z]{3}", text_of(client, path)), path


def test_a_change_is_shown_before_it_is_made() -> None:
    changes = Recorder()
    client = reader(scenes.evening, changes=changes)
    assert "9 held, 15 wanted" in text_of(client, "/change/?demand=r5b.2xlarge+ap-northeast-1c")
    form = {"demand": "r5b.2xlarge ap-northeast-1c", "group": "", "was": "15", "wanted": "20"}
    shown = post(client, "/change/", **form).text
    assert "15 → 20" in shown
    said = " ".join(re.sub("<[^>]*>", " ", shown).split())
    assert "r5b.2xlarge ap-northeast-1c 10.74 USD 14.32 USD" in said
    # 15 x 0.716, 80 x 0.856, 24 x 0.248, 10 x 0.1216, and 200 vCPUs of which 8 are 0.428.
    assert "All demands 97.09 USD 100.67 USD" in said
    assert "not in the sum: 3" in said
    assert post(client, "/change/", **form, confirmed="yes").headers["Location"] == f"{client.root}/demands/"
    name = "r5b.2xlarge ap-northeast-1c"
    assert changes.made == [(name, Decimal(15), Decimal(20), True), (name, Decimal(15), Decimal(20), False)]
    assert "r5b.2xlarge ap-northeast-1c: the target is 20 now." in text_of(client, "/demands/")


def changed_to(client: PageClient, name: str, was: str, wanted: str, group: str = "") -> str:
    """The text of the page that reviews a change."""
    page = post(client, "/change/", demand=name, was=was, wanted=wanted, group=group).text
    return " ".join(re.sub("<[^>]*>", " ", page).split())


def test_each_currency_has_its_own_sum_and_unknown_prices_are_named() -> None:
    scene = scenes.evening()
    for row in scene.tables["odcr_price"]:
        row["Currency"] = "CNY" if row["InstanceType"] == "c6i.4xlarge" else "USD"
    client = reader(lambda: scene, changes=Recorder())
    said = changed_to(client, "c6i.4xlarge ap-northeast-1a", "40", "50")
    assert "c6i.4xlarge ap-northeast-1a 34.24 CNY 42.80 CNY All demands 68.48 CNY 77.04 CNY" in said
    assert re.search(r"All demands ([\d.]+) USD \1 USD", said)
    said = changed_to(client, "p4d.24xlarge us-east-1b", "2", "3")
    assert "The cost is unknown" in said
    assert "not in the sum: 2" in said
    # 200 vCPUs of c5.2xlarge, which has 8, at 0.428.
    said = changed_to(client, "checkout", "200", "100", "yes")
    assert "checkout 10.70 USD 5.35 USD" in said
    assert "first pool with a price" in said


def test_a_group_may_have_parts_of_a_unit_and_a_row_may_not() -> None:
    changes = Recorder()
    client = reader(scenes.evening, changes=changes)
    assert post(client, "/change/", demand="checkout", group="yes", was="200", wanted="12.5").status_code == 200
    assert changes.made == [("checkout", Decimal(200), Decimal("12.5"), True)]
    row = {"demand": "r5b.2xlarge ap-northeast-1c", "group": "", "was": "15"}
    for wanted in ("12.5", "-1", "nan", "inf", "1e9", "", "many", "1000001"):
        answer = post(client, "/change/", **row, wanted=wanted)
        assert answer.status_code == 422
        assert "Give a whole number" in answer.text
    assert len(changes.made) == 1


def test_a_rejected_or_conflicting_change_is_not_made() -> None:
    changes = Recorder(Changed(False, 0, [{"Table": "odcr_capacity", "Key": {}, "Reason": "No such type."}], []))
    client = reader(scenes.evening, changes=changes)
    form = {"demand": "r5b.2xlarge ap-northeast-1c", "was": "15", "wanted": "20"}
    rejected = post(client, "/change/", **form)
    assert rejected.status_code == 409
    assert "No such type." in rejected.text
    assert 'name="confirmed"' not in rejected.text
    changes.answer = Changed(False, 0, [], [{"Table": "odcr_capacity", "Key": {}, "Is": {"Target_Capacity": 3}}])
    late = post(client, "/change/", **form, confirmed="yes")
    assert late.status_code == 409
    assert "Somebody else has changed it" in late.text
    changes.trouble = "You may not call ManageTargets."
    assert "You may not call ManageTargets." in post(client, "/change/", **form).text


def test_a_demand_that_is_gone_meanwhile_is_reported() -> None:
    client = reader(scenes.evening, changes=Recorder())
    assert "This demand is gone." in post(client, "/change/", demand="m5.large nowhere", was="1", wanted="2").text


def test_a_run_is_started_on_request() -> None:
    changes = Recorder()
    client = reader(scenes.evening, changes=changes)
    assert post(client, "/runs/start").headers["Location"] == f"{client.root}/runs/run-999"
    assert changes.started == 1
    assert "The run run-999 has started." in text_of(client, "/runs/run-999")
    changes.trouble = "You may not call StartExecution."
    assert post(client, "/runs/start").headers["Location"] == f"{client.root}/runs/"
    assert "You may not call StartExecution." in text_of(client, "/runs/")


def test_moments_are_in_utc_and_for_machines_as_well() -> None:
    page = reader(scenes.evening).get("/runs/", base_url=HERE).text
    started = NOW - timedelta(seconds=40)
    assert f'<time datetime="{started:%Y-%m-%dT%H:%M:%SZ}">{started:%Y-%m-%d %H:%M:%S} UTC</time>' in page
