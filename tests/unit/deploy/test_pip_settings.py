"""What pip knows of this machine holds for uv too."""

from __future__ import annotations

from pathlib import Path

import pytest

from deploy.local.pip_settings import Uv, certificates, for_uv, parse


def uv(*lines: str, **environment: str) -> Uv:
    return for_uv("\n".join(lines), environment)


def test_the_environment_is_stronger_than_the_section_install_and_that_than_global() -> None:
    lines = [":env:.index-url='c'", "global.index-url='a'", "install.index-url='b'"]
    assert parse("\n".join(lines)) == {"index-url": "c"}
    assert parse("\n".join(lines[1:])) == {"index-url": "b"}
    assert parse("") == {}


def test_a_mirror_with_a_password_goes_by_environment_never_by_argument() -> None:
    given = uv(
        "global.index-url='https://me:secret@mirror/simple'", "global.extra-index-url='\\nhttps://a/\\nhttps://b/'"
    )
    assert given.environment["UV_DEFAULT_INDEX"] == "https://me:secret@mirror/simple"
    assert given.environment["UV_INDEX"] == "https://a/ https://b/"
    assert given.environment["UV_INDEX_STRATEGY"] == "unsafe-best-match"
    assert given.arguments == []


def test_without_settings_uv_has_its_own() -> None:
    assert not {"UV_DEFAULT_INDEX", "UV_INDEX", "UV_FIND_LINKS", "UV_INSECURE_HOST"} & set(uv().environment)


def test_what_is_set_for_uv_itself_stays() -> None:
    given = uv("global.index-url='https://mirror/simple'", UV_DEFAULT_INDEX="https://other/simple", PATH="/bin")
    assert given.environment["UV_DEFAULT_INDEX"] == "https://other/simple"
    assert given.environment["PATH"] == "/bin"


def test_proxy_time_limits_and_trusted_hosts_are_handed_over() -> None:
    given = uv(
        ":env:.proxy='http://proxy:3128'", ":env:.default-timeout='180'", "global.trusted-host='a b:8443'"
    ).environment
    assert {given[name] for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")} == {"http://proxy:3128"}
    assert given["UV_HTTP_TIMEOUT"] == "180"
    assert given["UV_INSECURE_HOST"] == "a b:8443"


def test_a_folder_of_wheels_without_an_index(tmp_path: Path) -> None:
    given = uv(
        f"global.find-links='{tmp_path} /nowhere/at/all'", "global.no-index='true'", "global.only-binary=':all:'"
    )
    assert given.environment["UV_FIND_LINKS"] == str(tmp_path)  # pip only warns of a folder that is missing
    assert given.arguments == ["--no-index", "--only-binary", ":all:"]


def test_certificates_are_those_named_for_pip_then_for_this_user_then_the_systems(tmp_path: Path) -> None:
    pips, users = tmp_path / "pip.pem", tmp_path / "user.pem"
    users.touch()
    assert uv(f"global.cert='{pips}'", REQUESTS_CA_BUNDLE=str(users)).environment["SSL_CERT_FILE"] == str(pips)
    assert uv(REQUESTS_CA_BUNDLE=str(users)).environment["SSL_CERT_FILE"] == str(users)
    assert uv(REQUESTS_CA_BUNDLE=str(tmp_path)).environment["SSL_CERT_DIR"] == str(tmp_path)
    assert certificates({"REQUESTS_CA_BUNDLE": str(tmp_path / "missing.pem")}) == certificates({})


@pytest.mark.parametrize(
    ("provider", "handed"), [("subprocess", "subprocess"), ("import", "subprocess"), ("disabled", None)]
)
def test_a_keyring_is_asked_if_pip_asks_it(provider: str, handed: str | None) -> None:
    assert uv(f"global.keyring-provider='{provider}'").environment.get("UV_KEYRING_PROVIDER") == handed
