"""AWS::DynamoDB::* and AWS::S3::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_DynamoDB.html and AWS_S3.html
"""

from localcloud.cloudformation.resource_type import ApiType, Physical, Request, ResourceType


class Bucket(ResourceType):
    """A bucket, which must be empty to be deleted. `sam deploy --resolve-s3` makes one."""

    def create(self, request: Request) -> Physical:
        name, region = str(request.properties.get("BucketName", request.name.lower())), request.stack.region
        # S3 refuses this Region: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where = None if region == "us-east-1" else {"LocationConstraint": region}
        request.call("s3.CreateBucket", Bucket=name, CreateBucketConfiguration=where)
        return Physical(name)

    def delete(self, request: Request, current: Physical) -> None:
        request.call("s3.DeleteBucket", Bucket=current.id)


TYPES: tuple[ResourceType, ...] = (
    Bucket("AWS::S3::Bucket"),
    # moto would enforce a policy without its conditions: the SAM CLI's own bucket would refuse everybody.
    ResourceType("AWS::S3::BucketPolicy"),
    ApiType(
        "AWS::DynamoDB::Table",
        "dynamodb.CreateTable",
        "dynamodb.DeleteTable",
        "TableName",
        within="TableDescription",
        arn="TableArn",
    ),
)
