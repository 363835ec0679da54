"""EventBridge Scheduler's invocations; moto only keeps the schedules."""
