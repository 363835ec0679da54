"""What the local cloud accepts without effect; written down at every deployment, so that nobody is misled.

A resource type is effective, or is listed here, or is unknown and fails the deployment.
"""

import platform
from collections.abc import Mapping
from typing import Any

_NETWORK = "the network is on paper: functions reach everything"
_POLICY = "not enforced: it lets nobody in and keeps nobody out"

TYPES: Mapping[str, str] = {
    "AWS::CloudWatch::Alarm": "alarms never fire",
    "AWS::CloudWatch::Dashboard": "kept, drawn nowhere",
    "AWS::EC2::EIP": _NETWORK,
    "AWS::EC2::InternetGateway": _NETWORK,
    "AWS::EC2::NatGateway": _NETWORK,
    "AWS::EC2::Route": _NETWORK,
    "AWS::EC2::RouteTable": _NETWORK,
    "AWS::EC2::SecurityGroup": "not enforced: nobody is kept out",
    "AWS::EC2::SecurityGroupIngress": "not enforced: nobody is kept out",
    "AWS::EC2::Subnet": _NETWORK,
    "AWS::EC2::SubnetRouteTableAssociation": _NETWORK,
    "AWS::EC2::VPC": _NETWORK,
    "AWS::EC2::VPCEndpoint": "functions call the local endpoint directly",
    "AWS::EC2::VPCGatewayAttachment": _NETWORK,
    "AWS::IAM::Role": "enforced only for reservations, secrets, items, schedules and events put",
    "AWS::Lambda::Permission": _POLICY,
    "AWS::RDS::DBInstance": "one MariaDB server serves the whole cluster",
    "AWS::RDS::DBSubnetGroup": _NETWORK,
    "AWS::S3::BucketPolicy": _POLICY,
    "AWS::SNS::TopicPolicy": _POLICY,
}

PROPERTIES: Mapping[tuple[str, str], str] = {
    ("AWS::Lambda::Function", "Architectures"): "functions run on this computer's processor",
    ("AWS::Lambda::Function", "EphemeralStorage"): "temporary files lie in this computer's own folder",
    ("AWS::Lambda::Function", "Layers"): "functions run without layers: put what is in them into the artifact",
    ("AWS::Lambda::Function", "MemorySize"): "functions may use all of this computer's memory",
    ("AWS::Lambda::Function", "PackageType"): "functions run from a zip, never from an image",
    ("AWS::Lambda::Function", "TracingConfig"): "nothing is traced",
    ("AWS::Lambda::Function", "VpcConfig"): _NETWORK,
    ("AWS::Logs::LogGroup", "RetentionInDays"): "logs last as long as the local cloud",
    ("AWS::RDS::DBCluster", "BackupRetentionPeriod"): "nothing is backed up",
    ("AWS::RDS::DBCluster", "EnableHttpEndpoint"): "there is no Data API; use the mysql client",
    ("AWS::RDS::DBCluster", "EngineVersion"): "the database is MariaDB",
    ("AWS::RDS::DBCluster", "Port"): "the database keeps its own port",
    ("AWS::RDS::DBCluster", "ServerlessV2ScalingConfiguration"): "the database does not scale",
    ("AWS::RDS::DBCluster", "StorageEncrypted"): "nothing is encrypted at rest",
    ("AWS::SecretsManager::RotationSchedule", "RotationRules"): "rotates when RotateSecret is called, never by itself",
    ("AWS::SecretsManager::Secret", "KmsKeyId"): "nothing is encrypted at rest",
    ("AWS::StepFunctions::StateMachine", "LoggingConfiguration"): "executions are not logged; see their history",
    ("AWS::StepFunctions::StateMachine", "TracingConfiguration"): "nothing is traced",
}

EFFECTIVE: Mapping[str, str] = {
    "AWS::DynamoDB::Table": "AttributeDefinitions BillingMode GlobalSecondaryIndexes KeySchema LocalSecondaryIndexes "
    "ProvisionedThroughput TableName Tags",
    "AWS::Events::Rule": "Description EventBusName EventPattern Name RoleArn State Tags Targets",
    "AWS::Lambda::Function": "Code Description Environment FunctionName Handler LoggingConfig Role Runtime Tags "
    "Timeout",
    "AWS::Logs::LogGroup": "LogGroupName Tags",
    "AWS::RDS::DBCluster": "DBClusterIdentifier DBSubnetGroupName DatabaseName "
    "DeletionProtection Engine ManageMasterUserPassword MasterUserPassword MasterUsername Tags VpcSecurityGroupIds",
    "AWS::S3::Bucket": "BucketName",
    "AWS::SNS::Subscription": "Endpoint Protocol TopicArn DeliveryPolicy FilterPolicy FilterPolicyScope "
    "RawMessageDelivery RedrivePolicy",
    "AWS::SNS::Topic": "DisplayName FifoTopic Tags TopicName",
    "AWS::SQS::Queue": "ContentBasedDeduplication DelaySeconds FifoQueue MaximumMessageSize MessageRetentionPeriod "
    "QueueName ReceiveMessageWaitTimeSeconds RedriveAllowPolicy RedrivePolicy Tags VisibilityTimeout",
    "AWS::Scheduler::Schedule": "Description EndDate FlexibleTimeWindow GroupName Name ScheduleExpression "
    "ScheduleExpressionTimezone StartDate State Target",
    "AWS::SecretsManager::RotationSchedule": "RotateImmediatelyOnUpdate RotationLambdaARN SecretId",
    "AWS::SecretsManager::Secret": "Description GenerateSecretString Name SecretString Tags",
    "AWS::SecretsManager::SecretTargetAttachment": "SecretId TargetId TargetType",
    "AWS::StepFunctions::StateMachine": "Definition DefinitionS3Location DefinitionString DefinitionSubstitutions "
    "RoleArn StateMachineName StateMachineType Tags",
}
"""The properties that do something, or at least are shown, by effective type."""

_DELIVERED = frozenset({"http", "https", "lambda", "sqs"})


def lines(resources: Mapping[str, dict[str, Any]]) -> list[str]:
    """One line per type and per property that has no effect, with the logical ids that it concerns."""
    found: dict[tuple[str, str], list[str]] = {}
    for logical_id, resource in resources.items():
        for what, why in _without_effect(resource):
            found.setdefault((what, why), []).append(logical_id)
    return [
        f"without effect here: {what} ({', '.join(sorted(logical_ids))}): {why}"
        for (what, why), logical_ids in sorted(found.items())
    ]


def _without_effect(resource: dict[str, Any]) -> list[tuple[str, str]]:
    kind, properties = resource["Type"], resource.get("Properties", {})
    notes = [(kind, TYPES[kind])] if kind in TYPES else []
    if kind in EFFECTIVE:
        without = [name for name in properties if name not in EFFECTIVE[kind].split()]
        unknown = "the local cloud does nothing with it"
        notes += [(f"{kind} {name}", PROPERTIES.get((kind, name), unknown)) for name in without]
    if kind == "AWS::SNS::Subscription" and properties.get("Protocol") not in _DELIVERED:
        notes.append((f"{kind} Protocol {properties.get('Protocol')}", "nothing is delivered"))
    if kind == "AWS::Lambda::Function":
        version = ".".join(platform.python_version_tuple()[:2])
        if properties.get("Runtime") != f"python{version}":
            notes.append(
                (f"{kind} Runtime {properties.get('Runtime')}", f"functions run on this computer's Python {version}")
            )
    if resource.get("DeletionPolicy") == "Snapshot":
        notes.append((f"{kind} DeletionPolicy Snapshot", "deleted without a snapshot"))
    return notes
