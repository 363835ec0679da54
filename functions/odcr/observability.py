"""The logger and the metrics that all functions share."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
"""Structured logs. Service and level come from Powertools' environment variables."""

metrics = Metrics(namespace="ODCR")
"""Totals only: a metric for each target would cost for each target."""
