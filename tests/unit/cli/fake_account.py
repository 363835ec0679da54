"""A fake account with a test's answers. botocore builds each request, and its models validate each answer."""

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import boto3
from botocore.validate import ParamValidator

from odcr_cli.account import Account, Place

Answer = Mapping[str, Any] | str | Callable[[Mapping[str, Any]], Any]
"""An operation's output, the error code of its refusal, or a function of the request."""


class FakeAccount(Account):
    """An account with prepared answers. All other operations are refused with AccessDenied.

    Args:
        answers: by the operation's name, such as `GetSchedule`.
    """

    def __init__(self, answers: Mapping[str, Answer], stack: str = "odcr") -> None:
        super().__init__(Place(stack, "ap-northeast-1", endpoint_url="http://127.0.0.1:9"))
        self.answers = dict(answers)
        self.asked: list[tuple[str, str, Mapping[str, Any]]] = []
        """The operation, Region and parameters of each request."""

    def client(self, service: str, region: str = "") -> Any:
        key = (service, region or self.region)
        if key not in self._clients:
            session = boto3.Session("local", "local", region_name=key[1])
            client = session.client(service)  # type: ignore[call-overload]
            client.meta.events.register("provide-client-params", self._note(key[1]))
            client.meta.events.register("before-call", self._answer)
            self._clients[key] = client
        return self._clients[key]

    def invoker(self) -> Any:
        return self.client("lambda")

    def _note(self, region: str) -> Callable[..., None]:
        def note(params: Mapping[str, Any], model: Any, **_: Any) -> None:
            self.asked.append((model.name, region, params))

        return note

    def _answer(self, model: Any, **_: Any) -> Any:
        answer = self.answers.get(model.name, "AccessDenied")
        if callable(answer):
            answer = answer(self.asked[-1][2])
        status = 200
        if isinstance(answer, str):
            code, _separator, message = answer.partition(": ")
            status, answer = 400, {"Error": {"Code": code, "Message": message or "refused by the test"}}
        else:
            report = ParamValidator().validate(dict(answer), model.output_shape)
            assert not report.has_errors(), report.generate_report()
        return SimpleNamespace(status_code=status, headers={}), dict(answer)
