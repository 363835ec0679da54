"""The logger and the metrics that all functions share."""

from aws_lambda_powertools import Logger, Metrics

logger = Logger()
"""Structured logs; service and level come from Powertools' environment variables."""

metrics = Metrics(namespace="ODCR")
"""Totals only: a metric per target would be a bill per target."""
