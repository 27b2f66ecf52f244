"""Where this machine is called by programs that run on it."""

from ipaddress import ip_address


def url(host: str, port: int) -> str:
    """An address to call: one that stands for every interface is none, this machine's own is."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{host if address.version == 4 else f'[{host}]'}:{port}"
