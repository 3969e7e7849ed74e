"""A real TLS server on the loopback and a resolver that leads to it, for the tests of calls."""

import contextlib
import datetime
import json
import re
import socket
import ssl
import threading

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NAME = "api.platform.test"


def answers(*addresses):
    """A resolver that gives one answer after the other, and counts."""
    calls = []

    def resolve(host, port, **_more):
        calls.append(host)
        text = addresses[min(len(calls), len(addresses)) - 1]
        return [
            (socket.AF_INET6 if ":" in a else socket.AF_INET, 1, 6, "", (a, port))
            for a in text.split()
        ]

    resolve.calls = calls
    return resolve


class TlsServer:
    """A TLS server on the loopback that sends what it was told and keeps what it got."""

    def __init__(self, folder, name=NAME):
        self.ca = folder / "ca.pem"
        _certificate(folder / "pair.pem", self.ca, name)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.context.load_cert_chain(folder / "pair.pem")
        self.names, self.requests, self.play = [], [], lambda _line: None
        self.context.sni_callback = lambda _socket, name, _context: self.names.append(name)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def guard(self, **more):
        # late: the tests of real servers use this without the addon in their process, where
        # this file is no part of a package; pylint: disable=odoo-addons-relative-import
        from odoo.addons.construction_sync_base.lib.ssrf import Guard

        resolve = more.pop("resolve", answers("127.0.0.1"))
        settings = {"networks": ["127.0.0.1/32"], "verify": str(self.ca)} | more
        return Guard([f"{NAME}:{self.port}"], resolve=resolve, **settings)

    def call(self, *, method="GET", headers=None, body=None, target="/", guard=None, **more):
        url = f"https://{NAME}:{self.port}{target}"
        return (guard or self.guard()).call(method, url, headers, body, **more)

    def _serve(self):
        while True:
            try:
                line, _peer = self.listener.accept()
            except OSError:
                return
            with contextlib.suppress(OSError), line:
                with self.context.wrap_socket(line, server_side=True) as secure:
                    self.requests.append(_whole(secure))
                    self.play(secure)

    def says(self, head, body=b""):
        head = "HTTP/1.1 " + "\r\n".join(head) + "\r\nConnection: close\r\n\r\n"
        self.play = lambda line: line.sendall(head.encode() + body)

    def plays(self, *answers):
        """Give one answer after the other, the last one again and again: (status, JSON value or
        bytes, headers)."""
        left = list(answers)
        self.play = lambda line: self.tell(line, *(left.pop(0) if len(left) > 1 else left[0]))

    def tell(self, line, status, value, headers=None):
        body = value if isinstance(value, bytes) else json.dumps(value).encode()
        headers = {"Content-Type": "application/json", "Connection": "close"} | (headers or {})
        head = [f"HTTP/1.1 {status} x", f"Content-Length: {len(body)}"]
        head += [f"{name}: {text}" for name, text in headers.items()]
        line.sendall("\r\n".join([*head, "", ""]).encode() + body)

    def stop(self):
        self.listener.close()


def _whole(line):
    """One request. What is not read when the line closes would break it off."""
    text = line.recv(65536)
    length = re.search(rb"content-length: (\d+)", text.lower())
    while length and len(text.partition(b"\r\n\r\n")[2]) < int(length[1]):
        text += line.recv(65536)
    return text


def _certificate(pair, ca, name):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject).issuer_name(subject).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    public = made.public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    ca.write_bytes(public)
    pair.write_bytes(public + private)
