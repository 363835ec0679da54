"""The rules of acquiring capacity. Imports neither boto3 nor pymysql."""
