"""The tables as they were before they had a version, with rows in them."""

TABLES = (
    """
    CREATE TABLE odcr_capacity (
        InstanceType varchar(255),
        AvailabilityZone varchar(255),
        PRIMARY KEY (InstanceType, AvailabilityZone),
        Target_Capacity int NOT NULL,
        Current_Capacity int DEFAULT 0)
    """,
    """
    CREATE TABLE odcr_option (
        InstanceType varchar(255),
        AvailabilityZone varchar(255),
        PRIMARY KEY (InstanceType, AvailabilityZone),
        Platform varchar(64) NOT NULL DEFAULT 'Linux/UNIX',
        Tenancy varchar(16) NOT NULL DEFAULT 'default',
        Match_Criteria varchar(16) NOT NULL DEFAULT 'open',
        End_Date datetime NULL)
    """,
    """
    CREATE TABLE odcr_status (
        InstanceType varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
        AvailabilityZone varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
        PRIMARY KEY (InstanceType, AvailabilityZone),
        Status varchar(32) NOT NULL,
        Since datetime NOT NULL,
        Short_Since datetime NULL,
        Target_Capacity int NULL,
        Reserved int NOT NULL,
        Reason varchar(1024) NOT NULL,
        Reservation_Ids text NOT NULL,
        Duplicate_Ids text NOT NULL,
        Last_Tried datetime NULL,
        Execution varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    """
    CREATE TABLE odcr_history (
        Execution varchar(80),
        InstanceType varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
        AvailabilityZone varchar(255) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin,
        PRIMARY KEY (Execution, InstanceType, AvailabilityZone),
        Recorded datetime NOT NULL,
        Previous_Status varchar(32) NULL,
        Status varchar(32) NOT NULL,
        Short_Since datetime NULL,
        Target_Capacity int NULL,
        Reserved int NOT NULL,
        Acquired int NOT NULL,
        Lost int NOT NULL,
        Calls int NOT NULL,
        Reason varchar(1024) NOT NULL,
        KEY recorded (Recorded)) CHARACTER SET utf8mb4
    """,
    """
    CREATE TABLE odcr_lease (
        Name varchar(16) PRIMARY KEY,
        Holder varchar(80) NOT NULL,
        Expires datetime NOT NULL,
        Last_Recorded varchar(80) NOT NULL) CHARACTER SET utf8mb4
    """,
    """
    CREATE TABLE odcr_outbox (
        Id bigint AUTO_INCREMENT PRIMARY KEY,
        Execution varchar(80) NOT NULL,
        Recorded datetime NOT NULL,
        Subject varchar(100) CHARACTER SET utf8mb4 NOT NULL,
        Message mediumtext CHARACTER SET utf8mb4 NOT NULL,
        Dropped int NOT NULL DEFAULT 0)
    """,
)

ROWS = (
    "INSERT INTO odcr_capacity VALUES ('r5b.2xlarge', 'ap-northeast-1c', 15, 11), ('m5.large', 'us-east-1a', 2, 2)",
    "INSERT INTO odcr_option (InstanceType, AvailabilityZone, Platform) VALUES ('m5.large', 'us-east-1a', 'Windows')",
    "INSERT INTO odcr_status VALUES ('r5b.2xlarge', 'ap-northeast-1c', 'SHORT', '2026-11-01 08:00:00', "
    "'2026-11-01 08:00:00', 15, 11, 'dry', 'cr-1', '', '2026-11-01 08:00:00', 'run-0')",
    "INSERT INTO odcr_history VALUES ('run-0', 'r5b.2xlarge', 'ap-northeast-1c', '2026-11-01 08:00:00', NULL, 'SHORT', "
    "'2026-11-01 08:00:00', 15, 11, 11, 0, 5, 'dry')",
    "INSERT INTO odcr_lease VALUES ('run', '', '2026-11-01 09:00:00', 'run-0')",
    "INSERT INTO odcr_outbox (Execution, Recorded, Subject, Message) "
    "VALUES ('run-0', '2026-11-01 08:00:00', 'subject', 'message')",
)
