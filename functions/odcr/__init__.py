"""What the functions share: the domain, which knows no AWS, and the gateways to EC2 and MySQL."""
