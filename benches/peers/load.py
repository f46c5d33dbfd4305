"""Clients that keep a connection each and ask as fast as they are answered.

Each is a process of its own, and speaks just enough of HTTP/1.1: what it takes of the two cores is small beside the
server's share, and the same for all servers.
"""

import multiprocessing
import socket
import time


class Connection:
    """One connection to a server, opened again where the server closes it."""

    def __init__(self, port):
        self.port = port
        self.socket = None
        self.rest = b""

    def ask(self, request):
        """The status and the body of the answer to these bytes."""
        for attempt in (1, 2):
            if self.socket is None:
                self.socket = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                self.rest = b""
            try:
                self.socket.sendall(request)
                return self.answer()
            except (ConnectionError, BrokenPipeError):
                # A connection that the server closed after the last answer.
                self.socket.close()
                self.socket = None
                if attempt == 2:
                    raise
        raise AssertionError("unreachable")

    def more(self):
        received = self.socket.recv(1 << 18)
        if not received:
            raise ConnectionError("the server closed the connection")
        self.rest += received

    def until(self, end):
        while end not in self.rest:
            self.more()
        line, self.rest = self.rest.split(end, 1)
        return line

    def exactly(self, count):
        while len(self.rest) < count:
            self.more()
        taken, self.rest = self.rest[:count], self.rest[count:]
        return taken

    def answer(self):
        status_line, *lines = self.until(b"\r\n\r\n").split(b"\r\n")
        status = int(status_line.split(b" ", 2)[1])
        headers = {}
        for line in lines:
            name, value = line.split(b":", 1)
            headers[name.strip().lower()] = value.strip()
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            body = b""
            while size := int(self.until(b"\r\n").split(b";")[0], 16):
                body += self.exactly(size)
                self.exactly(2)
            self.until(b"\r\n")
        else:
            body = self.exactly(int(headers.get(b"content-length", b"0")))
        if headers.get(b"connection", b"").lower() == b"close":
            self.socket.close()
            self.socket = None
        return status, body


def client(port, request, number, begin, seconds, counts):
    """Asks until the time is over, and counts the answers within it."""
    connection = Connection(port)
    begin.wait()
    end = time.monotonic() + seconds
    count = 0
    while True:
        status, body = connection.ask(request(number, count))
        assert status in (200, 201, 204), (status, body[:500])
        if time.monotonic() > end:
            break
        count += 1
    counts.put(count)


def rate(port, request, clients, seconds):
    """Answers a second. `request(client, count)` makes the bytes of each request."""
    begin = multiprocessing.Barrier(clients)
    counts = multiprocessing.Queue()
    processes = [
        multiprocessing.Process(target=client, args=(port, request, number, begin, seconds, counts))
        for number in range(clients)
    ]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
        assert process.exitcode == 0, "a client failed"
    return sum(counts.get() for _ in processes) / seconds


def once(port, request):
    """One answer, which must be a success."""
    status, body = Connection(port).ask(request)
    assert status in (200, 201, 204), (status, body[:500])
    return body
