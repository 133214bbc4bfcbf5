#!/usr/bin/python3
"""A scripted SMTP and LMTP server, and its own account of what it said.

    peer.py DIR ADDRESS

Answers from replies.tsv, at ADDRESS. Writes DIR/ports.tsv (name, port or socket) when it listens
and DIR/peer.jsonl while it runs: one line per transaction,

    {"listener", "qids", "message_id", "mail", "outcomes": [[recipient, command, reply, row], ...]}

qids are what the Received headers of the message name, the last hop first, where DATA came that
far; row is the local part in replies.tsv, null for the usual acceptance. What ends before
MAIL FROM (CONNECT, EHLO) is a line with an empty list; its listener has the row's name.
Three listeners at 127.0.0.1 are content filters (content_filter.py). Ends on SIGTERM.
"""

import os
import socket
import socketserver
import sys
import threading
import time

import content_filter
import dialogue

# for Postfix to listen on
OURS = ("smtpd", "smtpd-filter", "smtpd-amavis", "smtpd-lmtpfilter", "smtpd-again", "smtpd-clean")


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


class UnixServer(Server):
    address_family = socket.AF_UNIX


def listen(server, name, shared, ports):
    server.name, server.peer, server.ports = name, shared, ports
    ports[name] = server.server_address if name == "lmtpunix" else server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()


def main():
    directory, address = sys.argv[1:]
    peer = dialogue.Peer(directory)
    ports = {}
    names = list(dialogue.FEATURES) + [
        r.local for r in peer.rows.values() if r.stage in ("CONNECT", "EHLO")]
    for name in names:
        if name == "lmtpunix":
            path = os.path.join(directory, "lmtp.sock")
            server = UnixServer(path, dialogue.Handler)
            os.chmod(path, 0o666)
        else:
            at = "127.0.0.1" if name == "store" else address
            server = Server((at, 0), dialogue.Handler)
        listen(server, name, peer, ports)

    # bound and never listened on: a connection is refused, and nobody else gets the port
    refused = socket.socket()
    refused.bind((address, 0))
    ports["refused"] = refused.getsockname()[1]
    free = [socket.socket() for _ in OURS]
    for name, one in zip(OURS, free):
        one.bind(("127.0.0.1", 0))
        ports[name] = one.getsockname()[1]
    for one in free:
        one.close()
    for name in content_filter.FILTERS:
        listen(Server(("127.0.0.1", 0), content_filter.Handler), name, peer, ports)

    path = os.path.join(directory, "ports.tsv")
    with open(path + ".new", "w", encoding="utf-8") as file:
        file.writelines(f"{name}\t{port}\n" for name, port in ports.items())
    os.rename(path + ".new", path)
    time.sleep(300)  # no rig takes longer; SIGTERM ends it before


if __name__ == "__main__":
    main()
