"""A small AWS on loopback: moto's server, a private MariaDB, and what moto lacks.

It is for trying and testing the product without an AWS account. The product never imports it.
"""
