"""What the roles of a service may do in its database: said once, for each PostgreSQL that this tree starts.

`<service>_migrator` owns the schema. `<service>_app` is who the service is: rows, no DDL. `<service>_operator` is who
runs `ph` against the database, and sees envelopes only: a migration grants it what is named there, column by column,
so the role is there before the tables are (services/chassis/postgres/migrations/0008_operators.sql).
"""

from __future__ import annotations

ROLES = ("migrator", "app", "operator")

ON_THE_DATABASE = """
revoke all on database {database} from public;
grant connect on database {database} to {service}_app, {service}_operator;
-- Earlier releases let an operator see what the service sees.
do $$
begin
    if pg_has_role('{service}_operator', '{service}_app', 'member') then
        revoke {service}_app from {service}_operator;
    end if;
end
$$;
"""
IN_THE_DATABASE = """
alter default privileges for role {service}_migrator grant select, insert, update, delete on tables to {service}_app;
alter default privileges for role {service}_migrator grant usage, select on sequences to {service}_app;
"""
"""To be said by a superuser who is connected to it."""
