# Formats a new disk, with a password for each user. A disk that is there keeps what it has.
set -eu
if [ -f /var/lib/kafka/data/meta.properties ]; then exit 0; fi
storage=/opt/kafka/bin/kafka-storage.sh
set -- format --cluster-id "$($storage random-uuid)" --config /etc/kafka/config/server.properties
for user in /etc/kafka/users/*; do
    set -- "$@" --add-scram "SCRAM-SHA-512=[name=$(basename "$user"),password=$(cat "$user")]"
done
exec $storage "$@" > /dev/null # it would print what the passwords are stored as
