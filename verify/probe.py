"""The probe: a second, small stack with things broken on purpose."""

from pathlib import Path

from odcr_cli.trouble import aws_errors_as_trouble
from verify.subject import Subject

_TEMPLATE = Path(__file__).with_name("probe.yaml")


def name_of(stack: str) -> str:
    """The name of the probe's stack, for a throwaway stack."""
    return f"{stack}-probe"


def deploy(subject: Subject) -> None:
    """Deploys the probe's stack, and waits until it is complete.

    Raises:
        Trouble: if CloudFormation refuses.
    """
    client, name = subject.client("cloudformation"), name_of(subject.name)
    with aws_errors_as_trouble():
        client.create_stack(
            StackName=name,
            TemplateBody=_TEMPLATE.read_text(encoding="utf-8"),
            Capabilities=["CAPABILITY_IAM"],
            Tags=[{"Key": "Project", "Value": "ODCR"}],
        )
        client.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 3})


def outputs(subject: Subject) -> dict[str, str]:
    """The outputs of the probe's stack."""
    with aws_errors_as_trouble():
        (stack,) = subject.client("cloudformation").describe_stacks(StackName=name_of(subject.name))["Stacks"]
    return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
