"""As much of a name server as sendmail needs: A and MX over UDP."""

import socketserver
import struct

KINDS = {1: "A", 15: "MX"}
SERVFAIL, NXDOMAIN = 2, 3


def encode(name):
    parts = [p.encode() for p in name.rstrip(".").split(".") if p]
    return b"".join(bytes([len(p)]) + p for p in parts) + b"\0"


def rdata(kind, data, preference):
    if kind == "A":
        return bytes(int(n) for n in data.split("."))
    return struct.pack(">H", preference) + encode(data)


def reply(zone, query):
    ident, _, _, *_ = struct.unpack(">6H", query[:12])
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("ascii", "replace"))
        at += 1 + query[at]
    (number,) = struct.unpack(">H", query[at + 1:at + 3])
    question = query[12:at + 5]
    found = zone.records(".".join(labels), KINDS.get(number))
    code = SERVFAIL if found == "fails" else NXDOMAIN if found is None else 0
    answers = b""
    records = found if code == 0 else []
    for n, data in enumerate(records):
        text = rdata(KINDS[number], data, 10 * (n + 1) if data != "." else 0)
        answers += struct.pack(">HHHIH", 0xc00c, number, 1, 60, len(text)) + text
    return struct.pack(">6H", ident, 0x8580 | code, 1, len(records), 0, 0) + question + answers


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        data, sock = self.request
        try:
            answer = reply(self.server.zone, data)
        except (IndexError, struct.error):
            return
        sock.sendto(answer, self.client_address)


def server(address, zone):
    made = socketserver.ThreadingUDPServer((address, 53), Handler)
    made.zone = zone
    return made
