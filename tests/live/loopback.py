"""What servers of the tests' own have in common: a password, a port, a place."""

import os
import shutil
import socket

PASSWORD = "s3cret:@/%"  # Every letter that a URL has to spell otherwise.


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def place_with_room():
    """In memory when there is room; not TMPDIR, which the server's own user may not be let into."""
    has_room = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free > 1 << 30
    return "/dev/shm" if has_room else "/tmp"
