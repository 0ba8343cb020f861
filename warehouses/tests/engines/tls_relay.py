"""PostgreSQL's TLS negotiation in front of a server that has none: for tests of what a client accepts."""

from __future__ import annotations

import datetime
import ipaddress
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

SSL_REQUEST = (8).to_bytes(4, "big") + (80877103).to_bytes(4, "big")


def self_signed(folder: Path, host: str) -> tuple[Path, Path]:
    """A certificate for a host, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
    now = datetime.datetime.now(datetime.UTC)
    try:
        subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "cert.pem").write_bytes(certificate.public_bytes(pem))
    plain, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(pem, plain, none))
    return folder / "cert.pem", folder / "key.pem"


@contextmanager
def relay(server: tuple[str, int], certificate: Path, key: Path) -> Iterator[int]:
    """A port that speaks TLS and hands everything on to `server`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        accepting = threading.Thread(target=_accept, args=(listener, server, context), daemon=True)
        accepting.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    accepting.join(timeout=10)


def _accept(listener: socket.socket, server: tuple[str, int], context: ssl.SSLContext) -> None:
    with suppress(OSError):
        while True:
            client, _ = listener.accept()
            threading.Thread(target=_serve, args=(client, server, context), daemon=True).start()


def _serve(client: socket.socket, server: tuple[str, int], context: ssl.SSLContext) -> None:
    with suppress(OSError), closing(client):
        if client.recv(8) != SSL_REQUEST:
            return
        client.sendall(b"S")
        with (
            context.wrap_socket(client, server_side=True) as tls,
            socket.create_connection(server) as upstream,
        ):
            tls.settimeout(0.05)
            upstream.settimeout(0.05)
            while _pass_on(tls, upstream) and _pass_on(upstream, tls):
                pass


def _pass_on(source: socket.socket, sink: socket.socket) -> bool:
    """Hand on what is there; False at the end of the stream."""
    try:
        data = source.recv(65536)
    except TimeoutError:
        return True
    if data:
        sink.sendall(data)
    return bool(data)
