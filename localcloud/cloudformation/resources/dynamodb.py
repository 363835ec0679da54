"""AWS::DynamoDB::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DynamoDB.html
"""

from localcloud.cloudformation.handler import Handler
from localcloud.cloudformation.moto_handler import MotoHandler

HANDLERS: tuple[Handler, ...] = (
    MotoHandler(
        "AWS::DynamoDB::Table",
        attributes={"Arn": lambda table: table.table_arn},
    ),
)
