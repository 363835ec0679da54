"""The cause of a failed build, taken from the output of `sam build`."""

from deployment.build import cause

BEGINNING = """\
Building codeuri: /checkout/functions runtime: python3.13 architecture: arm64 functions: LoadTargets
LoadTargets: Running CustomMakeBuilder:MakeBuild
python3 -m pip install --quiet --requirement requirements.txt --require-hashes --no-deps \\
"""
RETRYING = (
    "WARNING: Retrying (Retry(total={}, connect=None, read=None, redirect=None, status=None)) after connection broken "
    "by 'NewConnectionError('<pip._vendor.urllib3.connection.HTTPConnection object at 0x7fa057a3{}>: Failed to "
    "establish a new connection: [Errno 111] Connection refused')': /simple/aws-lambda-powertools/\n"
)
NO_INDEX = (
    f"{BEGINNING}\nBuild Failed\nError: CustomMakeBuilder:MakeBuild - Make Failed: "
    + "".join(RETRYING.format(4 - number, number) for number in range(5))
    + """\
ERROR: Could not find a version that satisfies the requirement aws-lambda-powertools==3.37.0 (from versions: none)
ERROR: No matching distribution found for aws-lambda-powertools==3.37.0
make: *** [/checkout/functions/Makefile:5: build-LoadTargets] Error 1

"""
)


def test_an_unreachable_index_is_reported_once_with_what_to_do() -> None:
    assert cause(NO_INDEX).splitlines() == [
        "/simple/aws-lambda-powertools/: NewConnectionError('Failed to establish a new connection: [Errno 111] "
        "Connection refused')",
        "ERROR: Could not find a version that satisfies the requirement aws-lambda-powertools==3.37.0 "
        "(from versions: none)",
        "ERROR: No matching distribution found for aws-lambda-powertools==3.37.0",
        "The functions' packages come from pip's package index: is it the right one, and reachable?",
    ]


def test_another_cause_is_reported_as_it_is() -> None:
    assert cause(f"{BEGINNING}\nBuild Failed\nError: PythonPipBuilder:Validation - [/b] is no runtime\n") == (
        "PythonPipBuilder:Validation - [/b] is no runtime"
    )


def test_without_a_cause_the_end_of_the_output_is_reported() -> None:
    assert cause("".join(f"line {number}\n" for number in range(40))).splitlines() == [
        f"line {number}" for number in range(28, 40)
    ]
