"""Files of NAME=value lines: the settings in .env and the generated secrets."""

import base64
import re
from pathlib import Path

import pytest

from workspace.launcher import keys
from workspace.launcher.errors import LaunchError
from workspace.launcher.launch import CHECKOUT, Options, settings


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / ".env"
    path.write_text(text)
    return path


def test_comments_quotes_export_and_blank_values_are_understood(tmp_path: Path) -> None:
    path = written(tmp_path, "# words\n\nA=1\nexport B = 'two words'\nC=\nD=\"x=y#z\"\n  # E=5\n")
    assert keys.read_env_file(path) == {"A": "1", "B": "two words", "D": "x=y#z"}


def test_a_line_that_is_no_setting_is_named_but_not_shown(tmp_path: Path) -> None:
    path = written(tmp_path, "A=1\nhunter2\n")
    with pytest.raises(LaunchError, match=r"^Line 2 of .*\.env is not NAME=value\.$"):
        keys.read_env_file(path)


def test_the_environment_wins_over_the_file_unless_it_is_blank(tmp_path: Path) -> None:
    path = written(tmp_path, "DATABASE_URL=file\nREDIS_URL=file\nOTHER=file\n")
    options = Options(["true"], None, path)
    environ = {"DATABASE_URL": "environment", "REDIS_URL": "", "LANG": ""}
    assert settings(options, environ) == {
        "DATABASE_URL": "environment",
        "REDIS_URL": "file",
        "OTHER": "file",
        "LANG": "",
    }


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match=r"none cannot be read: FileNotFoundError\.$"):
        keys.read_env_file(tmp_path / "none")


def test_generated_secrets_are_long_random_and_kept(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    made = keys.stable_secrets(path)
    assert len(base64.urlsafe_b64decode(made["CREDENTIAL_KEYS"])) == 32
    assert len(made["SECRET_KEY"]) >= 50
    assert keys.stable_secrets(path) == made
    assert keys.stable_secrets(tmp_path / "other.env") != made
    assert [entry.name for entry in sorted(tmp_path.iterdir())] == ["other.env", "secrets.env"]


def test_every_setting_of_the_installation_has_a_line_in_the_example() -> None:
    read = re.findall(r"env(?:\.\w+)?\(\s*\"([A-Z_]+)\"", (CHECKOUT / "workspace/settings.py").read_text())
    example = re.findall(r"^# ([A-Z_]+)=", (CHECKOUT / ".env.example").read_text(), re.MULTILINE)
    assert read
    assert sorted(set(read) - set(example)) == []
