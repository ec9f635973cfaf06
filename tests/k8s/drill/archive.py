"""A continuous archive of one PostgreSQL, and the way back to a moment in it, as an operator's tools do it."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path

import asyncpg

from deploy.local.postgres_tls import SecurePostgres

RESTORE_SECONDS = 120
_NOT_COPIED = {"pg_wal", "postmaster.pid", "postmaster.opts", "pg_stat_tmp", "pgsql_tmp"}
"""Of a backup: the WAL comes from the archive, the others are of the process that ran."""


class Archive:
    """Below `directory`: each segment of WAL as it is finished, at the latest a second after somebody has written, and
    one backup of the data."""

    def __init__(self, directory: Path) -> None:
        self.segments = directory / "wal"
        self.backup = directory / "base"
        self.segments.mkdir(parents=True)

    @property
    def settings(self) -> Mapping[str, str]:
        """By which a server archives."""
        return {
            "archive_mode": "on",
            "archive_timeout": "1",
            "archive_command": f"test ! -f {self.segments}/%f && cp %p {self.segments}/%f.part"
            f" && mv {self.segments}/%f.part {self.segments}/%f",
        }

    def take_backup(self, server: SecurePostgres) -> None:
        """While the server works."""

        async def taken(connection: asyncpg.Connection) -> str:
            await connection.execute("select pg_backup_start('drill', fast => true)")
            _copy(server.data, self.backup)
            return str(await connection.fetchval("select labelfile from pg_backup_stop(wait_for_archive => true)"))

        (self.backup / "backup_label").write_text(server.as_superuser(taken))

    def put_back(self, server: SecurePostgres, moment: datetime) -> SecurePostgres:
        """Ends the server and puts its data aside. What is launched in its place will be as of that moment."""
        server.stop()
        server.data.rename(server.data.with_name("data.lost"))
        _copy(self.backup, server.data)
        for name in ("pg_wal/archive_status", "pg_wal/summaries"):
            (server.data / name).mkdir(parents=True)
        (server.data / "pg_wal").chmod(0o700)
        (server.data / "recovery.signal").touch()
        return server.again(
            {
                **self.settings,
                "restore_command": f"cp {self.segments}/%f %p",
                "recovery_target_time": moment.isoformat(),
                "recovery_target_action": "promote",
            }
        )


def _copy(source: Path, target: Path) -> None:
    """Files may go while they are copied; whoever restores plays what happened to them again."""
    target.mkdir(mode=0o700)
    for folder, names, files in os.walk(source):
        names[:] = [name for name in names if name not in _NOT_COPIED]
        here = target / Path(folder).relative_to(source)
        for name in names:
            (here / name).mkdir(mode=0o700)
        for name in files:
            with suppress(FileNotFoundError):
                if name not in _NOT_COPIED:
                    shutil.copyfile(Path(folder) / name, here / name)
                    (here / name).chmod(0o600)
