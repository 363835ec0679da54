"""The code that the functions share: the domain, which knows no AWS, and the gateways to AWS and MySQL."""
