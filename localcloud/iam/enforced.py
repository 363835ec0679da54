"""What is checked, and on what a policy's conditions can depend.

https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazondynamodb.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridgescheduler.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsresourcegroups.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awspricelist.html
https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html
"""

ACTIONS = frozenset(
    {
        # Of ListGroupResources only.
        "cloudformation:DescribeStacks",
        "cloudformation:ListStackResources",
        "tag:GetResources",
        "dynamodb:UpdateItem",
        "ec2:CreateCapacityReservation",
        "ec2:ModifyCapacityReservation",
        "ec2:CancelCapacityReservation",
        "ec2:DescribeAvailabilityZones",
        "ec2:DescribeCapacityReservations",
        "ec2:DescribeInstanceTypes",
        "ec2:DescribeInstances",
        "ec2:DescribePlacementGroups",
        # Of Capacity Reservations only.
        "ec2:CreateTags",
        "ec2:DeleteTags",
        "resource-groups:GroupResources",
        "resource-groups:ListGroupResources",
        "resource-groups:UngroupResources",
        "pricing:GetProducts",
        "scheduler:GetSchedule",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetRandomPassword",
        "secretsmanager:GetSecretValue",
        "secretsmanager:PutSecretValue",
        "secretsmanager:UpdateSecretVersionStage",
    }
)
"""The actions that are checked; all others are allowed to everybody."""

KEYS = frozenset(
    {
        "aws:requestedregion",
        "aws:tagkeys",
        "ec2:availabilityzone",
        "ec2:createaction",
        "ec2:instancetype",
        "ec2:placementgroup",
        "secretsmanager:resource/allowrotationlambdaarn",
    }
)
"""The condition keys that the local cloud gives values to, in lower case: IAM does not care about their case."""

KEYS_WITH_TAG = ("aws:requesttag/", "aws:resourcetag/", "ec2:resourcetag/", "secretsmanager:resourcetag/")
"""The beginnings of those that end with a tag's key."""

MULTIVALUED = frozenset({"aws:tagkeys"})
"""The keys that may have more than one value in a request."""


def is_known(key: str) -> bool:
    """Whether requests have this condition key, given in lower case."""
    return key in KEYS or any(key.startswith(prefix) and key != prefix for prefix in KEYS_WITH_TAG)
