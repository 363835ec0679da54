import pytest

from odcr.gateways.secret import DatabaseLogin, InvalidSecret, parse_login

WHOLE = '{"username": "odcr", "password": "hunter2", "host": "db", "port": %s, "dbname": "odcr_db"}'


@pytest.mark.parametrize("port", ["3306", '"3306"'])
def test_the_originals_secret_is_read(port: str) -> None:
    assert parse_login(WHOLE % port) == DatabaseLogin("odcr", "hunter2", "db", 3306, "odcr_db")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("hunter2", "is not JSON"),
        ('["hunter2"]', "is not a JSON object"),
        ('{"password": "hunter2"}', "has no username, host, port, dbname"),
        (WHOLE % '"hunter2"', "port is not a port number"),
        (WHOLE % "99999", "port is not a port number"),
    ],
)
def test_a_broken_secret_is_named_and_never_shown(text: str, message: str) -> None:
    with pytest.raises(InvalidSecret, match=message) as caught:
        parse_login(text)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_the_password_is_not_in_the_repr() -> None:
    assert "hunter2" not in repr(parse_login(WHOLE % "3306"))
