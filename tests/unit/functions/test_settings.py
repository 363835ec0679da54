import pytest

from odcr.settings import (
    CertificateSettings,
    DatabaseSettings,
    HistorySettings,
    InvalidSettings,
    ReleaseSettings,
    StackSettings,
)


def test_owner_names_stack_and_region() -> None:
    environment = {"STACK_NAME": "odcr", "AWS_REGION": "us-east-1", "ACCOUNT_ID": "123456789012"}
    assert StackSettings.load(environment).owner == "odcr/us-east-1"


@pytest.mark.parametrize("environment", [{}, {"STACK_NAME": " ", "AWS_REGION": "us-east-1"}])
def test_missing_variable_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(InvalidSettings, match=r"STACK_NAME is not set. Deploy the stack again"):
        StackSettings.load(environment)


def test_missing_secret_is_named() -> None:
    with pytest.raises(InvalidSettings, match="DATABASE_SECRET_ARN is not set"):
        DatabaseSettings.load({})


@pytest.mark.parametrize(
    ("value", "is_on"), [("yes", True), ("no", False), ("", False), ("YES", False), ("true", False), (None, False)]
)
def test_only_yes_releases(value: str | None, is_on: bool) -> None:
    environment = {} if value is None else {"RELEASE_ON_LOWERED_TARGET": value}
    assert ReleaseSettings.load(environment).is_on == is_on


def test_history_days_are_a_number_above_0() -> None:
    assert HistorySettings.load({"HISTORY_DAYS": " 400 "}).days == 400
    for value in ("0", "-1", "1.5", "\N{SUPERSCRIPT TWO}", "a year"):
        with pytest.raises(InvalidSettings, match="must be a number of days above 0"):
            HistorySettings.load({"HISTORY_DAYS": value})


def test_administrator_secret_is_optional() -> None:
    variables = {"DATABASE_SECRET_ARN": "arn:secret", "DATABASE_ADMIN_SECRET_ARN": " arn:admin "}
    assert DatabaseSettings.load(variables).administrator_secret_arn == "arn:admin"
    for environment in ({"DATABASE_SECRET_ARN": "arn:secret"}, variables | {"DATABASE_ADMIN_SECRET_ARN": " "}):
        assert DatabaseSettings.load(environment).administrator_secret_arn == ""


def test_certificates_are_optional() -> None:
    assert CertificateSettings.load({"DATABASE_CERTIFICATES_SECRET_ARN": " arn:pem "}).secret_arn == "arn:pem"
    for environment in ({}, {"DATABASE_CERTIFICATES_SECRET_ARN": ""}):
        assert CertificateSettings.load(environment).secret_arn == ""
