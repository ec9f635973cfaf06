"""The users of a Kafka with login: one per service, called like it, and one for operators.

Their passwords lie in the stack's secrets. What each may do is not said here: `ph topics apply --acls` sets it, from
`schemas/topics.yaml`.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path

from deploy.local.kafka import MECHANISM, OPERATORS, Kafka
from deploy.local.places import SERVICES, StackError
from deploy.local.postgres import write_secret


class Users:
    """Makes them, and says how a program logs in as one of them."""

    def __init__(self, kafka: Kafka, secrets_directory: Path) -> None:
        self._kafka = kafka
        self._secrets = secrets_directory

    def make(self) -> None:
        """Gives each user his password; one that is there gets it anew. Nothing to do where nobody logs in."""
        if self._kafka.login == "scram":
            self.set_passwords({user: self.password(user) for user in (*SERVICES, OPERATORS)})

    def set_passwords(self, passwords: Mapping[str, str]) -> None:
        """Makes the broker know them; the files stay as they are. Raises `StackError` if the broker refuses."""
        # Only where somebody logs in: a stack without needs no package of the operators.
        from kafka.admin import KafkaAdminClient, UserScramCredentialUpsertion  # noqa: PLC0415

        client = KafkaAdminClient(bootstrap_servers=self._kafka.bootstrap)
        try:
            answers = client.alter_user_scram_credentials(
                [UserScramCredentialUpsertion(user, MECHANISM, password) for user, password in passwords.items()]
            )
        finally:
            client.close()
        for user, refused in answers.items():
            if refused:
                raise StackError(f"Kafka refuses the user {user}: {refused}")

    def password_file(self, user: str) -> Path:
        """Where the password of this user lies."""
        return self._secrets / f"kafka_{user}.password"

    def password(self, user: str) -> str:
        """Of the file, which is written if there is none."""
        file = self.password_file(user)
        if not file.exists():
            write_secret(file, secrets.token_urlsafe(24))
        return file.read_text().strip()

    def settings(self, user: str) -> dict[str, str]:
        """The settings by which a program reaches Kafka as this user."""
        if self._kafka.login == "none":
            return {"KAFKA_BOOTSTRAP_SERVERS": self._kafka.bootstrap}
        self.password(user)  # services start while the broker does: before it knows the password, the file is there
        tls = self._kafka.tls
        return {
            "KAFKA_BOOTSTRAP_SERVERS": self._kafka.door,
            "KAFKA_SECURITY_PROTOCOL": "SASL_SSL" if tls else "SASL_PLAINTEXT",
            "KAFKA_SASL_MECHANISM": MECHANISM,
            "KAFKA_USERNAME": user,
            "KAFKA_PASSWORD_FILE": str(self.password_file(user)),
            **({"KAFKA_CA_FILE": str(tls.authority)} if tls else {}),
        }
