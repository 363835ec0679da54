"""AWS::S3::*, for the bucket that `sam deploy --resolve-s3` makes.

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html
"""

from localcloud.cloudformation.resource_type import Physical, Request, ResourceType


class Bucket(ResourceType):
    """A bucket, which must be empty to be deleted."""

    def create(self, request: Request) -> Physical:
        name, region = str(request.properties.get("BucketName", request.name.lower())), request.stack.region
        # The API refuses its own default: https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucket.html
        where = None if region == "us-east-1" else {"LocationConstraint": region}
        request.call("s3.CreateBucket", Bucket=name, CreateBucketConfiguration=where)
        return Physical(name)

    def delete(self, request: Request, current: Physical) -> None:
        request.call("s3.DeleteBucket", Bucket=current.id)


TYPES: tuple[ResourceType, ...] = (
    Bucket("AWS::S3::Bucket"),
    # moto would enforce a policy without its conditions: the SAM CLI's own bucket would refuse everybody.
    ResourceType("AWS::S3::BucketPolicy"),
)
