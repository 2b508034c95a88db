"""A process's connections are made once, even when its first requests come together."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]

_TOGETHER = """
import threading
from shared import connections
barrier, apps = threading.Barrier(20), []
def first():
    barrier.wait()
    apps.append(connections.firebase())
threads = [threading.Thread(target=first) for _ in range(20)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(apps), len(set(map(id, apps))))
"""


def test_the_first_requests_share_one_firebase_app() -> None:
    done = subprocess.run(  # noqa: S603 - fixed argv
        [sys.executable, "-c", _TOGETHER],
        cwd=ROOT,
        env={"GCLOUD_PROJECT": "demo-particle"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == "20 1\n", done.stderr
