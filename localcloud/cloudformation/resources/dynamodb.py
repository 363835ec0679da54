"""AWS::DynamoDB::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DynamoDB.html
"""

from localcloud.cloudformation.resource_type import ApiType, ResourceType

TYPES: tuple[ResourceType, ...] = (
    ApiType(
        "AWS::DynamoDB::Table",
        "dynamodb.CreateTable",
        "dynamodb.DeleteTable",
        "TableName",
        within="TableDescription",
        arn="TableArn",
    ),
)
