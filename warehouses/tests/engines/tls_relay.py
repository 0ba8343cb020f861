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

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "relay")])
PEM = serialization.Encoding.PEM


def self_signed(folder: Path, host: str, days: tuple[int, int] = (-1, 1)) -> tuple[Path, Path]:
    """A certificate for a host, valid between two days counted from now, and its key, as PEM files."""
    key = ec.generate_private_key(ec.SECP256R1())
    return _written(folder, _certificate(host, days, key, key, NAME), key)


def signed_by_another(folder: Path, host: str) -> tuple[Path, Path, Path]:
    """A certificate for a host, its key, and the authority's certificate that signed it."""
    key, authority_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "authority")])
    ca = folder / "ca.pem"
    signer = _certificate("authority.example", (-1, 1), authority_key, authority_key, authority, authority)
    ca.write_bytes(signer.public_bytes(PEM))
    return *_written(folder, _certificate(host, (-1, 1), key, authority_key, authority), key), ca


def _certificate(
    host: str,
    days: tuple[int, int],
    key: ec.EllipticCurvePrivateKey,
    signer: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    name: x509.Name = NAME,
) -> x509.Certificate:
    begin, end = (datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=number) for number in days)
    try:
        subject: x509.GeneralName = x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        subject = x509.DNSName(host)
    builder = x509.CertificateBuilder(issuer, name, key.public_key(), x509.random_serial_number(), begin, end)
    return (
        builder.add_extension(x509.SubjectAlternativeName([subject]), critical=False)
        .add_extension(x509.BasicConstraints(ca=key is signer, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def _written(
    folder: Path, certificate: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> tuple[Path, Path]:
    (folder / "cert.pem").write_bytes(certificate.public_bytes(PEM))
    plain, none = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    (folder / "key.pem").write_bytes(key.private_bytes(PEM, plain, none))
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
