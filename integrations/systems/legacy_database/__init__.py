"""An old database of any make: the rows of one table or view, read and never written."""

from integrations.systems.base import Option, SecretField, StreamSpec, System

SERVERS = {"engine": ("postgresql", "mysql", "mssql", "oracle")}

SYSTEM = System(
    slug="legacy_database",
    label="Legacy database",
    docs_url="https://docs.sqlalchemy.org/en/21/dialects/",
    transport="database",
    options=(
        Option(
            "engine",
            "Make",
            kind="choice",
            default="postgresql",
            choices=(
                ("postgresql", "PostgreSQL"),
                ("mysql", "MySQL, MariaDB"),
                ("mssql", "SQL Server"),
                ("oracle", "Oracle"),
                ("sqlite", "SQLite file"),
                ("odbc", "Another, by ODBC"),
            ),
            required=True,
        ),
        Option("host", "Host", default="", help="Name or address.", when=SERVERS),
        Option("port", "Port", kind="integer", minimum=1, maximum=65535, help="Empty: the usual one.", when=SERVERS),
        Option(
            "database",
            "Database",
            default="",
            required=True,
            help="Its name. SQLite: the file, below the folder LEGACY_FILES. Oracle: the service name. ODBC: the DSN.",
        ),
        Option("user", "User", default="", help="Of an account that may do no more than SELECT."),
        Option(
            "tls",
            "The server proves who it is (TLS)",
            kind="boolean",
            default=True,
            help="Off: encrypted only where the server offers it, and whoever is in between can read the password.",
            when=SERVERS,
        ),
        Option("schema", "Schema", default="", help="Empty: the one that the account has by default."),
        Option("table", "Table or view", default="", suggest="list_tables"),
        Option(
            "key_column",
            "Key column",
            default="",
            suggest="list_columns",
            help="Its values are unique and never change. Several with commas between them, where it takes them all.",
        ),
        Option(
            "modified_column",
            "Column of the last change",
            default="",
            suggest="list_columns",
            help="Has an index, ideally together with the key. Without it every run reads every row.",
        ),
        Option(
            "null_modified",
            "Rows without a last change",
            kind="choice",
            default="first",
            choices=(("first", "Read them in every run, first"), ("skip", "Leave them out")),
            required=True,
        ),
        Option("zone", "Time zone", default="UTC", required=True, help="Of times that have none: Europe/Berlin."),
        Option(
            "title_columns",
            "Title columns",
            default="",
            suggest="list_columns",
            help="Several with commas between them are put together.",
        ),
        Option("page_size", "Rows in a page", kind="integer", default=1000, minimum=1, maximum=5000, required=True),
    ),
    secrets=(SecretField("password", "Password"),),
    streams=(StreamSpec("rows", "Rows", model="Record", incremental=True, undated="given"),),
)
