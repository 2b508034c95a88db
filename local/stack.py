"""The stack: the Firebase emulators and the Particle simulator, started and stopped together."""

import json
import os
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import psutil
import requests

from local.configuration import (
    PROJECT_ID,
    REGION,
    SECRETS_FILE,
    TOPIC,
    firebase_configuration,
    run_secrets,
    run_settings,
    write_settings,
)
from local.emulators import find_emulators
from local.errors import StackError
from local.java import find_java
from local.ports import HOST, Ports, is_free, reserve_block, taken
from local.processes import MARK, Service, end, leftovers, mark, marked, neutral_environment
from local.runs import (
    FOLDER,
    ROOT,
    announce,
    conceal,
    configuration_file,
    forget_old_runs,
    logs_folder,
    run_name,
)
from local.signals import uninterrupted
from local.waiting import answers, wait_until

FIREBASE: Final = ROOT / "tools" / "node_modules" / "firebase-tools" / "lib" / "bin" / "firebase.js"

# Timeouts in seconds. The emulators take about 8 s; a first start may download some of them.
_EMULATORS_START: Final = 150.0
_SIMULATOR_START: Final = 30.0
_EMULATORS_STOP: Final = 20.0
_OTHERS_STOP: Final = 5.0
_PORTS_FREE: Final = 10.0

# What the Firebase CLI prints when everything runs (commands/emulators-start.js), and when the
# functions could not be loaded.
FREE_PORTS: Final = "venv/bin/python -m local demo --free-ports"
"""The command for another demo beside one on the usual ports."""
_ALL_READY: Final = "All emulators ready"
_FUNCTIONS_BROKEN: Final = "Failed to load function definition from source"


class Stack:
    """All services of the product on this machine.

    As a context manager, it starts everything and waits until each service answers; at the end it
    stops everything and checks that no process and no open port is left.

    Attributes:
        project_id: the id of the local project, from which nothing can reach the real cloud.
        ports: on which the services listen.
        settings: the functions' settings and secrets in this run.
        logs: the folder with the output of the services.
        run_name: the name of this run.
    """

    def __init__(
        self,
        name: str = "stack",
        *,
        fixed_ports: bool = False,
        settings: Mapping[str, str] | None = None,
        fleet: Path | None = None,
        interval: float | None = None,
        developer_settings: bool = False,
        schedules: bool = False,
    ) -> None:
        """Prepare a stack; nothing is started yet.

        Args:
            name: the name of the run, with which its folder of logs begins.
            fixed_ports: listen on the ports that the README names instead of free ones.
            settings: the functions' settings that differ from those in the files.
            fleet: a CSV file with the simulator's devices; None for no devices.
            interval: seconds between two events of a simulated device, 0 for none; None for the
                simulator's default.
            developer_settings: whether to read `.env.local` too.
            schedules: whether scheduled functions run when they are due.

        Raises:
            StackError: there are no free ports.
        """
        self.project_id = PROJECT_ID
        self._fixed_ports = fixed_ports
        self._fleet = fleet
        self._interval = interval
        self._schedules = schedules
        self._block = reserve_block()
        self.ports: Ports = Ports.of_block(self._block.first, fixed=fixed_ports)
        self.run_name = run = run_name(name, self._block.first)
        self.logs = logs_folder(run)
        self._configuration = configuration_file(run)
        self._mark = mark(ROOT, run)
        self._services: list[Service] = []
        self._function_settings = run_settings(
            ROOT, self.ports, settings or {}, developer=developer_settings
        )
        self._secrets = run_secrets(ROOT, self.ports)
        self.settings = self._function_settings | self._secrets

    @property
    def auth_url(self) -> str:
        """Base URL of the Auth emulator."""
        return f"http://{HOST}:{self.ports.auth}"

    @property
    def firestore_host(self) -> str:
        """Host and port of the Firestore emulator, as in FIRESTORE_EMULATOR_HOST."""
        return f"{HOST}:{self.ports.firestore}"

    @property
    def pubsub_host(self) -> str:
        """Host and port of the Pub/Sub emulator, as in PUBSUB_EMULATOR_HOST."""
        return f"{HOST}:{self.ports.pubsub}"

    @property
    def functions_emulator(self) -> str:
        """Base URL of the Functions emulator."""
        return f"http://{HOST}:{self.ports.functions}"

    @property
    def functions_url(self) -> str:
        """Base URL of the functions, to which a slash and a function's name are added."""
        return f"{self.functions_emulator}/{PROJECT_ID}/{REGION}"

    @property
    def hosting_url(self) -> str:
        """URL of the web app."""
        return f"http://{HOST}:{self.ports.hosting}"

    @property
    def simulator_url(self) -> str:
        """Base URL of the simulated Particle cloud."""
        return f"http://{HOST}:{self.ports.simulator}"

    @property
    def addresses(self) -> dict[str, str]:
        """Where each part is, by the variables that say so (`local.runs.ADDRESSES`)."""
        return {
            "FIRESTORE_EMULATOR_HOST": self.firestore_host,
            "FIREBASE_AUTH_EMULATOR_HOST": f"{HOST}:{self.ports.auth}",
            "PUBSUB_EMULATOR_HOST": self.pubsub_host,
            "FUNCTIONS_EMULATOR_HOST": f"{HOST}:{self.ports.functions}",
            "HOSTING_EMULATOR_HOST": f"{HOST}:{self.ports.hosting}",
            "PARTICLE_API_URL": self.simulator_url,
        }

    @property
    def mails_url(self) -> str:
        """URL of the page with the mails that were sent."""
        return f"http://{HOST}:{self.ports.mails}"

    @property
    def environment(self) -> dict[str, str]:
        """The environment with which a process uses this stack as a function does."""
        return {
            **self.settings,
            **self.addresses,
            "GCLOUD_PROJECT": PROJECT_ID,
            "GOOGLE_CLOUD_PROJECT": PROJECT_ID,
            "FIREBASE_CONFIG": json.dumps({"projectId": PROJECT_ID}),
        }

    def announce(self) -> None:
        """Let the programs of this checkout find this stack, as a demo, until it stops."""
        announce(self.run_name, self.addresses)

    def __enter__(self) -> Self:
        """Start; see `start`."""
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop; see `stop`."""
        self.stop()

    def start(self) -> None:
        """Start everything and wait until each service answers.

        Raises:
            StackError: a port is taken, something is not installed, or a service did not start.
                Nothing is left running then.
        """
        try:
            self.end_leftovers()
            self._check_ports()
            self._write_files()
            emulators = self._start_emulators()
            wait_until(
                "The Pub/Sub emulator",
                lambda: answers(f"http://{self.pubsub_host}"),
                _EMULATORS_START,
                self.check,
            )
            self._create_topic()
            self._start_simulator()
            self._start_mailbox()
            wait_until(
                "The Firebase emulators",
                lambda: self._emulators_ready(emulators),
                _EMULATORS_START,
                self.check,
            )
            wait_until(
                "The simulator",
                lambda: answers(f"{self.simulator_url}/control/health"),
                _SIMULATOR_START,
                self.check,
            )
            wait_until("The mailbox", lambda: answers(self.mails_url), _SIMULATOR_START, self.check)
            if self._schedules:
                command = [sys.executable, "-m", "local.schedules", self.functions_emulator]
                self._services.append(self.run("The schedules", command))
        except BaseException as error:
            trouble = self.explain(error) if isinstance(error, StackError) else None
            self.stop()
            if trouble:
                raise trouble from None
            raise

    def run(self, name: str, command: Sequence[str | Path]) -> Service:
        """Start a program of the project on this stack; it is ended with the stack at the latest.

        Args:
            name: its name in messages; the last word is the name of its log.
            command: the program and its arguments; it runs in the project's folder.
        """
        return Service(
            name,
            command,
            folder=ROOT,
            environment={
                **neutral_environment(),
                **self.environment,
                MARK: self._mark,
                "PYTHONUNBUFFERED": "1",
            },
            log=self.logs / f"{name.rsplit(maxsplit=1)[-1]}.log",
        )

    def check(self) -> None:
        """Check that every service still runs.

        Raises:
            StackError: one has stopped by itself.
        """
        for service in self._services:
            status = service.exit_status()
            if status is not None:
                raise StackError(f"{service.name} stopped by itself with exit status {status}")

    def stop(self) -> None:
        """Stop everything that was started; a second call does nothing.

        Raises:
            StackError: a process or an open port is left.
        """
        with uninterrupted():
            self._stop()

    def _stop(self) -> None:
        conceal(self.run_name)
        started = bool(self._services)
        for service in reversed(self._services):
            timeout = _EMULATORS_STOP if service.name == "The Firebase emulators" else _OTHERS_STOP
            if not service.interrupt(timeout):
                service.kill()
        self._services.clear()
        alive = end(marked(self._mark))
        self._configuration.unlink(missing_ok=True)
        try:
            if alive:
                raise StackError(
                    f"These processes could not be ended: {', '.join(map(str, alive))}"
                )
            if started:
                self._check_ports_free()
        finally:
            self._block.release()

    def _check_ports(self) -> None:
        problems = list(taken(self.ports.services()))
        if problems:
            raise StackError(
                "\n".join(
                    [
                        *problems,
                        "Is the demo running in another terminal? If not, end the process.",
                        f"A demo on free ports: {FREE_PORTS}",
                    ]
                )
            )

    def _check_ports_free(self) -> None:
        deadline = time.monotonic() + _PORTS_FREE
        services = self.ports.services()
        while not all(map(is_free, services.values())):
            if time.monotonic() > deadline:
                raise StackError(
                    "These ports are still open after everything was stopped:\n"
                    + "\n".join(taken(services))
                )
            time.sleep(0.1)

    def _write_files(self) -> None:
        forget_old_runs()
        folder = self.logs / "settings"
        folder.mkdir(parents=True)
        write_settings(folder / f".env.{PROJECT_ID}", self._function_settings)
        write_settings(folder / SECRETS_FILE, self._secrets)
        self._configuration.write_text(
            firebase_configuration(ROOT, self.ports, folder), encoding="utf-8"
        )

    def _start_emulators(self) -> Service:
        node = shutil.which("node")
        if not node or not FIREBASE.exists():
            raise StackError("The Firebase CLI is not installed: run `make setup`.")
        java = find_java()
        temporary = self.logs / "tmp"
        temporary.mkdir()
        workers = self.ports.workers
        service = Service(
            "The Firebase emulators",
            [
                node,
                "--require",
                ROOT / "local" / "firebase-preload.cjs",
                FIREBASE,
                "emulators:start",
                "--project",
                PROJECT_ID,
                "--config",
                self._configuration,
            ],
            # The CLI writes its debug logs to its working directory.
            folder=self.logs,
            environment={
                **neutral_environment(),
                **find_emulators(FOLDER / "emulators"),
                MARK: self._mark,
                "JAVA_HOME": str(java),
                "PATH": os.pathsep.join([str(java / "bin"), os.environ.get("PATH", "")]),
                "LOCAL_STACK_WORKER_PORTS": f"{workers.start}-{workers.stop - 1}",
                "LOCAL_STACK_SECRETS": str(self.logs / "settings" / SECRETS_FILE),
                # The CLI keeps a file for each running project there.
                "TMPDIR": str(temporary),
                # Seconds that the import of main.py may take on a busy machine.
                "FUNCTIONS_DISCOVERY_TIMEOUT": "60",
                # Do not look for the metadata server, which exists only in the cloud.
                "METADATA_SERVER_DETECTION": "none",
                "NO_COLOR": "1",
                "NODE_NO_WARNINGS": "1",
            },
            log=self.logs / "emulators.log",
        )
        self._services.append(service)
        return service

    def _emulators_ready(self, emulators: Service) -> bool:
        log = emulators.log.read_text(encoding="utf-8", errors="replace")
        if _FUNCTIONS_BROKEN in log:
            raise StackError("The Firebase emulators could not load the functions")
        return _ALL_READY in log and all(
            answers(url)
            for url in (
                self.auth_url,
                f"http://{self.firestore_host}",
                f"http://{self.pubsub_host}",
                f"{self.functions_emulator}/backends",
                self.hosting_url,
            )
        )

    def _create_topic(self) -> None:
        answer = requests.put(f"http://{self.pubsub_host}/v1/{TOPIC}", timeout=30)
        if answer.status_code not in {requests.codes.ok, requests.codes.conflict}:
            raise StackError(f"The Pub/Sub emulator did not create {TOPIC}: {answer.text[:200]}")

    def _start_simulator(self) -> None:
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "simulator",
            "--host",
            HOST,
            "--port",
            str(self.ports.simulator),
            "--product",
            self.settings["PARTICLE_PRODUCT"],
            "--topic",
            TOPIC,
        ]
        if self._fleet:
            command += ["--fleet", self._fleet]
        if self._interval is not None:
            command += ["--interval", str(self._interval)]
        self._services.append(self.run("The simulator", command))

    def _start_mailbox(self) -> None:
        ports = [str(self.ports.smtp), str(self.ports.mails)]
        command = [sys.executable, "-m", "local.mails", *ports]
        self._services.append(self.run("The mailbox", command))

    def check_listening(self) -> None:
        """Check that every service still runs and listens.

        Raises:
            StackError: one has stopped by itself.
        """
        self.check()
        for name, port in self.ports.public().items():
            if is_free(port):
                raise StackError(
                    f"The {name} service stopped by itself: nothing is listening on port {port}"
                )

    def end_leftovers(self) -> list[psutil.Process]:
        """End the processes that earlier runs left behind because they were killed; return them."""
        left = leftovers(ROOT)
        end(left)
        return left

    def explain(self, error: StackError) -> StackError:
        """Return the error with the last output of the services concerned and the logs' place."""
        parts = [str(error)]
        for service in self._services:
            if service.exit_status() is not None or service.name in str(error):
                parts += [f"--- Last lines of {service.log}:", service.tail()]
        if self._services:
            parts.append(f"Complete logs: {self.logs}")
        return StackError("\n".join(parts))
