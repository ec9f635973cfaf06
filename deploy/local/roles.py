"""What the roles of a service may do in its database: said once, for each PostgreSQL that this tree starts.

`<service>_migrator` owns the schema. `<service>_app` is who the service is: rows, no DDL. `<service>_operator` is who
runs `ph` against the database: in the same tables, under a name of their own.
"""

from __future__ import annotations

ROLES = ("migrator", "app", "operator")

ON_THE_DATABASE = """
revoke all on database {database} from public;
grant connect on database {database} to {service}_app, {service}_operator;
grant {service}_app to {service}_operator;
"""
IN_THE_DATABASE = """
alter default privileges for role {service}_migrator grant select, insert, update, delete on tables to {service}_app;
alter default privileges for role {service}_migrator grant usage, select on sequences to {service}_app;
"""
"""To be said by a superuser who is connected to it."""
