"""What the demo runs with: the operator's settings, a data directory of its own, the sandbox switched on."""

import argparse

from msgspec.structs import replace

from houselights.cli.parser import settings_of
from houselights.settings import Settings
from houselights.telemetry import LogOptions, set_up_logs


def demo_settings(arguments: argparse.Namespace) -> Settings:
    """The data directory is the folder `demo` in the usual one unless another was named. Raises SettingWrong."""
    loaded = settings_of(arguments)
    settings = replace(loaded.settings, sandbox=True)
    if loaded.origins["data_dir"] == "default":
        settings = replace(settings, data_dir=settings.data_dir / "demo")
    return settings


def set_up_demo_logs(arguments: argparse.Namespace) -> None:
    """On a terminal, logs only what goes wrong, unless the operator asked for more."""
    loaded = settings_of(arguments)
    is_background = "tell" in arguments
    level = loaded.settings.log_level
    if loaded.origins["log_level"] == "default" and not is_background:
        level = "warning"
    set_up_logs(LogOptions(level, loaded.settings.log_format))
