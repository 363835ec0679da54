"""AWS::S3::*

https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/AWS_S3.html
"""

from moto.cloudformation.exceptions import ValidationError
from moto.s3.models import S3Backend, s3_backends
from moto.utilities.utils import get_partition

from localcloud.cloudformation.handler import Handler, Physical, Request, required, tags_as_dict


def backend_of(request: Request) -> S3Backend:
    """moto's S3 in the stack's account."""
    backend: S3Backend = s3_backends[request.account_id][get_partition(request.region)]
    return backend


class BucketPolicy(Handler):
    """Kept out of moto, which would enforce it without its conditions: the SAM CLI's own bucket would refuse all."""

    type_name = "AWS::S3::BucketPolicy"
    create_only = frozenset({"Bucket"})

    def create(self, request: Request) -> Physical:
        bucket = str(required(request, "Bucket"))
        backend_of(request).head_bucket(bucket)
        return Physical(bucket)


class Bucket(Handler):
    """A bucket, which must be empty to be deleted."""

    type_name = "AWS::S3::Bucket"
    create_only = frozenset({"BucketName"})

    def create(self, request: Request) -> Physical:
        name = str(request.properties.get("BucketName", request.name.lower()))
        bucket = backend_of(request).create_bucket(name, request.region)
        attributes = {
            "Arn": bucket.arn,
            "DomainName": f"{name}.s3.amazonaws.com",
            "RegionalDomainName": f"{name}.s3.{request.region}.amazonaws.com",
        }
        return self.update(request, Physical(name, attributes, bucket))

    def update(self, request: Request, current: Physical) -> Physical:
        backend, versioning = backend_of(request), request.properties.get("VersioningConfiguration", {})
        backend.put_bucket_tagging(current.id, tags_as_dict(request.properties))
        if status := versioning.get("Status"):
            backend.put_bucket_versioning(current.id, status)
        return current

    def delete(self, request: Request, current: Physical) -> None:
        bucket = backend_of(request).buckets.get(current.id)
        if bucket is not None and bucket.keys:
            raise ValidationError(message=f"The bucket you tried to delete is not empty: {current.id}")
        backend_of(request).delete_bucket(current.id)


HANDLERS: tuple[Handler, ...] = (Bucket(), BucketPolicy())
