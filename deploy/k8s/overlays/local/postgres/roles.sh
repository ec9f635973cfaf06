# Runs once, in a new data directory, as the superuser: the roles with their passwords, the database, and what the roles
# may do in it. rights.sql is what CloudNativePG runs, too. The image's own script reads this file into its shell.
(
    set -eu
    secret() { tr -d '\n' < "/etc/postgres-secrets/$1"; }
    psql -v ON_ERROR_STOP=1 --username postgres --dbname postgres --quiet -v service="$SERVICE" \
        -v app="$(secret app)" -v migrator="$(secret migrator)" -v operator="$(secret operator)" <<'SQL'
select format('create role %I login password %L', :'service' || '_app', :'app') \gexec
select format('create role %I login password %L', :'service' || '_migrator', :'migrator') \gexec
select format('create role %I login password %L', :'service' || '_operator', :'operator') \gexec
select format('create database %I owner %I', :'service', :'service' || '_migrator') \gexec
SQL
    psql -v ON_ERROR_STOP=1 --username postgres --dbname "$SERVICE" --quiet --file /etc/postgres-rights/rights.sql
)
