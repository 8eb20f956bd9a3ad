"""What the catalogue says that the account itself may do, where the session of the console may not."""

from __future__ import annotations

from sqlalchemy import ColumnElement, column, func, literal, or_, select, table

from integrations.systems.legacy_database.table import Table
from integrations.transport.database import Question

_WRITING = ("INSERT", "UPDATE", "DELETE", "DROP", "ALTER")


def may_write(engine: str, named: Table) -> Question | None:
    """A question whose one value is true if it may write to the table; None where the catalogue does not tell."""
    if engine == "postgresql":
        quoted = ".".join(_quoted(part) for part in (named.schema, named.name) if part)
        return select(func.has_table_privilege(quoted, "INSERT, UPDATE, DELETE, TRUNCATE"))
    return _granted(named) if engine == "mysql" else None


def _granted(named: Table) -> Question:
    """Those given to the account by name; what a role gives is not among them."""
    account = func.current_user()
    grantee = func.concat(
        "'", func.substring_index(account, "@", 1), "'@'", func.substring_index(account, "@", -1), "'"
    )
    schema = literal(named.schema) if named.schema else func.database()
    wheres: tuple[tuple[str, list[ColumnElement[bool]]], ...] = (
        ("user_privileges", []),
        ("schema_privileges", [schema.like(column("table_schema"))]),  # where it is a pattern
        ("table_privileges", [column("table_schema") == schema, column("table_name") == named.name]),
    )
    return select(
        or_(
            *(
                select(literal(1))
                .select_from(table(name, schema="information_schema"))
                .where(column("grantee") == grantee, column("privilege_type").in_(_WRITING), *conditions)
                .exists()
                for name, conditions in wheres
            )
        )
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
