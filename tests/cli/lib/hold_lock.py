"""hold_lock.py FILE: locks FILE as a running codex-threadripper or trueup does, says "ready", and holds it until it
is killed or its input ends."""
import fcntl
import sys

with open(sys.argv[1], "a", encoding="utf-8") as file:
    fcntl.flock(file, fcntl.LOCK_EX)
    print("ready", flush=True)
    sys.stdin.read()
