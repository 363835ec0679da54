"""The transform AWS::Serverless-2016-10-31, which samtranslator does, as it does in AWS itself."""

import copy
from typing import Any

import boto3
from moto.cloudformation.exceptions import ValidationError
from samtranslator.metrics.metrics import DummyMetricsPublisher, Metrics  # type: ignore[import-untyped]
from samtranslator.model.exceptions import InvalidDocumentException  # type: ignore[import-untyped]
from samtranslator.parser.parser import Parser  # type: ignore[import-untyped]
from samtranslator.translator.translator import Translator  # type: ignore[import-untyped]
from samtranslator.utils.py27hash_fix import (  # type: ignore[import-untyped]
    to_py27_compatible_template,
    undo_mark_unicode_str_in_template,
)

from localcloud.cloudformation.template import Template

SERVERLESS = "AWS::Serverless-2016-10-31"


def expand(template: Template, parameters: dict[str, Any], region: str) -> Template:
    """The template of plain resources that CloudFormation creates.

    Args:
        template: as written; it is not changed.
        parameters: values by name, defaults not included.
        region: the stack's Region.

    Raises:
        ValidationError: samtranslator refuses the template, or it asks for another transform.
    """
    wanted = template.get("Transform", [])
    transforms = [wanted] if isinstance(wanted, str | dict) else list(wanted)
    unknown = [str(name) for name in transforms if name != SERVERLESS]
    if unknown:
        raise ValidationError(
            message=f"No transform named {', '.join(unknown)} found: the local cloud has {SERVERLESS}."
        )
    if not transforms:
        return template
    expanded = copy.deepcopy(template)
    values = {"AWS::Region": region, **parameters}
    to_py27_compatible_template(expanded, values)
    metrics = Metrics("ServerlessTransform", DummyMetricsPublisher())
    translator = Translator(None, Parser(), boto_session=boto3.Session(region_name=region), metrics=metrics)
    try:
        translated = translator.translate(expanded, parameter_values=values, get_managed_policy_map=dict)
    except InvalidDocumentException as error:
        causes = " ".join(cause.message for cause in error.causes)
        raise ValidationError(message=f"Transform {SERVERLESS} failed with: {error.message} {causes}") from error
    finally:
        # To nobody; unpublished metrics are complained of on stderr.
        metrics.publish()
    plain = dict(undo_mark_unicode_str_in_template(translated))
    plain.pop("Transform", None)
    return plain
