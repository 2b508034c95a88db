"""The examples on the pages, on the real stack.

JavaScript and curl run unchanged; of the others, the bytes are sent that their SDKs would send.
"""

import json
import re
import subprocess
import textwrap
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from admin.app import main as operator
from docs_tools.callables import FUNCTIONS, Function
from docs_tools.languages import LANGUAGES
from docs_tools.pages import DOCS, blocks
from local.client import Account, Client
from local.runs import ROOT
from local.stack import Stack
from tests.conftest import FLEET
from tests.support.functions import call
from tests.support.functions import client as app
from tests.support.sdks import SDKS
from tests.support.simulator import Simulator

DEVICE = "e00fce68a47d20b8c91e53f2"
"""The one that the examples claim."""
QUEUED = ("invoke_function", 1)
"""The example that needs the device to be offline."""
SHARED = ("share_device", 0)
"""The example whose link another customer accepts."""
KINDS: dict[str, Any] = {
    "text": str,
    "flag": bool,
    "integer": int,
    "any": (bool, int, float, str),
    "object": dict,
}


@pytest.fixture
def shop(clean_stack: Stack) -> Stack:
    """The demo's devices, registered and not yet sold."""
    assert operator(["devices", "import", str(FLEET), "--local"]) == 0
    return clean_stack


@dataclass(frozen=True)
class Other:
    """Another customer, who accepts what the examples share, and shares with them."""

    account: Account
    tokens: dict[str, str]
    """For the functions that accept something."""

    def accept(self, link: str) -> None:
        """Accept an invitation of the examples."""
        call("accept_invitation", {"token": link.partition("#")[2]}, self.account)


@pytest.fixture
def other(shop: Stack, client: Client) -> Other:
    account = client.sign_up()
    label = {"serialNumber": "TH-2040-0117", "setupCode": "K7QM-4TXP"}
    device = {"deviceId": call("claim_device", label, account)["deviceId"]}
    invited = call("share_device", {**device, "role": "viewer"}, account)
    offered = call("offer_transfer", device, account)
    links = {"accept_invitation": invited["link"], "accept_transfer": offered["link"]}
    return Other(account, {name: link.partition("#")[2] for name, link in links.items()})


def calls() -> list[tuple[Function, int]]:
    return [(f, number) for f in FUNCTIONS for number in range(len(f.examples))]


def here(text: str, stack: Stack) -> str:
    """Replace the demo's ports by those of the tests' stack."""
    ports = {
        "9099": stack.ports.auth,
        "8080": stack.ports.firestore,
        "5001": stack.ports.functions,
        "8010": stack.ports.simulator,
    }
    return re.sub(r'(127\.0\.0\.1(?::|", ))(\d+)', lambda m: f"{m[1]}{ports.get(m[2], m[2])}", text)


def sample(name: str) -> str:
    """A block of `docs/calling.md`, by its mark."""
    (block,) = (b for b in blocks(DOCS / "calling.md") if (b.mark, b.note) == ("try", name))
    return block.text


def written(function: Function, number: int, language: str) -> str:
    """An example from the function's page, unchanged."""
    markdown, writer = LANGUAGES[language]
    text = writer(function, function.examples[number].request)
    on_page = [b.text for b in blocks(DOCS / "functions" / f"{function.name}.md")]
    assert text in on_page, f"no {markdown} example of {function.name} on its page"
    return text


def check(function: Function, answer: Any) -> None:
    """The answer is what the page says: these fields, of these kinds."""
    assert isinstance(answer, dict), f"{function.name}: {answer}"
    assert set(answer) <= {field.name for field in function.answer}, f"{function.name}: {answer}"
    for field in function.answer:
        value = answer.get(field.name)
        if value is None:
            assert field.optional, f"{function.name}: no {field.name} in {answer}"
        elif field.kind == "time":
            assert value.endswith("Z")
            datetime.fromisoformat(value)
        elif field.kind in {"texts", "objects"}:
            assert all(isinstance(item, str if field.kind == "texts" else dict) for item in value)
        else:
            assert isinstance(value, KINDS[field.kind]), f"{function.name}.{field.name}: {value!r}"


def run(command: list[str | Path], stdin: str | None = None) -> str:
    done = subprocess.run(  # noqa: S603 - the project's own pages
        command, input=stdin, cwd=ROOT, capture_output=True, text=True, timeout=240, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_javascript(shop: Stack, other: Other, tmp_path: Path) -> None:
    program = tmp_path / "examples.mjs"
    (tmp_path / "node_modules").symlink_to(ROOT / "web" / "node_modules")
    steps = [here(sample(name), shop) for name in ("app", "sign-up", "watch", "requestId")]
    steps.append(_harness(shop, other))
    for function, number in calls():
        body = _before(function, number, other) + written(function, number, "JavaScript")
        given = "result.data" if function.answer else "{}"
        steps.append(f"{{\n{body}answers.push(['{function.name}', {given}]);\n}}\n")
        if function.name == "claim_device":
            steps.append("await published();\n")
        if (function.name, number) == SHARED:
            steps.append("await accept(answers.at(-1)[1].link);\n")
        if function.name == "rename_device":
            steps.append(sample("failure"))
    steps.append(
        "stop();\nprocess.stdout.write(JSON.stringify({ answers, said }));\nprocess.exit(0);\n"
    )
    program.write_text("".join(steps), encoding="utf-8")
    told = json.loads(run(["node", program]))
    for (function, _), (name, answer) in zip(calls(), told["answers"], strict=True):
        assert name == function.name
        check(function, answer)
    said = [line.split() for line in told["said"]]
    assert ["temperature", "21.5"] in [line[:2] for line in said], "the watcher told the event"
    assert ["functions/not-found", "unknown-function"] in [line[:2] for line in said]


_ANSWERED = {
    "cancel_command": "commandId",
    "cancel_invitation": "invitationId",
    "delete_alert": "alertId",
    "delete_schedule": "scheduleId",
    "delete_webhook": "webhookId",
}
"""What a function takes that the one before it has answered."""


def _before(function: Function, number: int, other: Other) -> str:
    """What an example needs of those before it, and of the device."""
    if (function.name, number) == QUEUED:
        return "await device({ online: false });\n"
    if function.name == "read_variable":
        return "await device({ online: true });\n"
    if function.name in _ANSWERED:
        return f"const {{ {_ANSWERED[function.name]} }} = answers.at(-1)[1];\n"
    if function.name in other.tokens:
        return f'const token = "{other.tokens[function.name]}";\n'
    return ""


def _harness(stack: Stack, other: Other) -> str:
    """What the examples need besides: a device that comes online, goes offline and publishes."""
    return textwrap.dedent(
        f"""
        const answers = [];
        const said = [];
        console.log = (...words) => said.push(words.join(" "));
        const control = "{stack.simulator_url}/control/devices/{DEVICE}";
        const send = async (method, url, body) => {{
          const answer = await fetch(url, {{ method, body: JSON.stringify(body),
            headers: {{ "Content-Type": "application/json" }} }});
          if (!answer.ok) throw new Error(`${{method}} ${{url}}: ${{answer.status}}`);
        }};
        const device = (state) => send("PATCH", control, state);
        const guestUid = "{other.account.uid}";
        async function accept(link) {{
          const answer = await fetch("{stack.functions_url}/accept_invitation", {{
            method: "POST",
            body: JSON.stringify({{ data: {{ token: link.split("#")[1] }} }}),
            headers: {{
              "Content-Type": "application/json",
              "Authorization": "Bearer {other.account.id_token}",
            }} }});
          if (!answer.ok) throw new Error(`accept: ${{answer.status}}`);
        }}
        async function published() {{
          await send("POST", `${{control}}/publish`, {{ name: "temperature", data: "21.5" }});
          while (!said.some((line) => line.startsWith("temperature 21.5"))) {{
            await new Promise((resolve) => setTimeout(resolve, 50));
          }}
        }}
        """
    )


def test_curl(shop: Stack, other: Other, tmp_path: Path) -> None:
    control = f"{shop.simulator_url}/control/devices/{DEVICE}"
    online = "curl -sS -X PATCH {} -H 'Content-Type: application/json' -d '{{\"online\": {}}}'\n"
    answers = [tmp_path / f"{function.name}-{number}.json" for function, number in calls()]
    steps = ["set -euo pipefail\n", here(sample("curl"), shop)]
    for (function, number), answer in zip(calls(), answers, strict=True):
        if (function.name, number) == QUEUED:
            steps.append(online.format(control, "false"))
        elif field := _ANSWERED.get(function.name):
            earlier = " ".join(str(one) for one in answers[: answers.index(answer)])
            name = re.sub(r"(?=[A-Z])", "_", field).upper()
            found = f'grep -ohE \'"{field}": *"[^"]+"\' {earlier} | tail -1 | cut -d \'"\' -f 4'
            steps.append(f"{name}=$({found})\n")
        elif function.name in other.tokens:
            steps.append(f"TOKEN={other.tokens[function.name]}\n")
        elif function.name == "read_variable":
            steps.append(online.format(control, "true"))
        steps.append(f"{{\n{written(function, number, 'curl')}}} > {answer}\n")
        if (function.name, number) == SHARED:
            steps.append(
                f"GUEST_UID={other.account.uid}\n"
                f"TOKEN=$(grep -oE '#[^\"]+' {answer} | cut -c2-)\n"
                f"curl -sS {shop.functions_url}/accept_invitation"
                f" -H 'Authorization: Bearer {other.account.id_token}'"
                " -H 'Content-Type: application/json'"
                ' -d "{\\"data\\": {\\"token\\": \\"$TOKEN\\"}}"\n'
            )
    run(["bash"], "".join(steps))
    for (function, _), answer in zip(calls(), answers, strict=True):
        told = json.loads(answer.read_text(encoding="utf-8"))
        assert "result" in told, f"{function.name}: {told}"
        check(function, told["result"])


@pytest.mark.parametrize("platform", SDKS)
def test_mobile(platform: str, shop: Stack, client: Client, other: Other) -> None:
    sdk, customer = SDKS[platform], client.sign_up()
    device = Simulator(shop.simulator_url)
    variables = {
        "deviceId": DEVICE,
        "requestId": str(uuid4()),
        "guestUid": other.account.uid,
    }
    headers = {"Authorization": f"Bearer {customer.id_token}", "Content-Type": "application/json"}
    sent = b""
    for function, number in calls():
        if (function.name, number) == QUEUED:
            device.set_online(DEVICE, online=False)
        elif function.name == "read_variable":
            device.set_online(DEVICE, online=True)
        variables |= {"token": other.tokens.get(function.name, "")}
        body = sdk.body(written(function, number, sdk.language), variables)
        assert set(json.loads(body)["data"] or {}) == set(function.examples[number].request)
        answer = app(function.name).post("/", data=body, headers=headers).get_json()
        assert "result" in answer, f"{function.name}: {answer}"
        check(function, answer["result"])
        names = set(_ANSWERED.values())
        variables |= {k: v for k, v in answer["result"].items() if k in names}
        if (function.name, number) == SHARED:
            other.accept(answer["result"]["link"])
        sent += body
    assert (b"Int64Value" in sent) == platform.endswith("iOS"), "an integer is among the examples"


def _named(name: str) -> Function:
    return next(function for function in FUNCTIONS if function.name == name)
