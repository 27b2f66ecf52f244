"""The address at which programs on this machine call it."""

from ipaddress import ip_address


def url(host: str, port: int) -> str:
    """An address to call: one that stands for every interface cannot be called, so this machine's own replaces it."""
    try:
        address = ip_address(host)
    except ValueError:
        return f"http://{host}:{port}"
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://{host if address.version == 4 else f'[{host}]'}:{port}"
