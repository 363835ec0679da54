import os

import boto3


def write(event, _context):
    key = f"{os.environ['SHOP']}/{event['day']}"
    boto3.client("s3").put_object(Bucket=os.environ["BUCKET"], Key=key, Body=b"12 books sold")
    return {"Key": key}
