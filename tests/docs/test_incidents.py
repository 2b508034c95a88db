"""The page about incidents explains every alarm, and every reason that support will see."""

import json
import re

from admin.doctor.chain import LINKS
from docs_tools.pages import DOCS, anchors
from local.runs import ROOT

PAGE = DOCS / "incidents.md"
TEXT = PAGE.read_text(encoding="utf-8")
MONITORING = ROOT / "deploy" / "monitoring"


def test_every_alarm_has_its_section() -> None:
    policies = [json.loads(file.read_text()) for file in (MONITORING / "alerts").glob("*.json")]
    assert policies
    for policy in policies:
        heading = policy["displayName"].lower().replace(":", "").replace(" ", "-")
        assert heading in anchors(PAGE), policy["displayName"]


def test_every_trouble_with_particle_is_explained() -> None:
    metric = json.loads((MONITORING / "metrics" / "product_particle_failures.json").read_text())
    counted = re.findall(r'"([a-z-]+)"', metric["filter"].partition("jsonPayload.event")[2])
    assert counted
    assert {name for name in counted if f"`{name}`" not in TEXT} == set()


def test_every_reason_of_a_dead_letter_is_explained() -> None:
    sources = [file.read_text() for file in (ROOT / "shared" / "telemetry").glob("*.py")]
    raised = {
        reason
        for source in sources
        for call in re.findall(r"UnstorableError\(([^)]*)\)", source)
        for reason in re.findall(r'"([a-z-]+)"', call)
    }
    assert len(raised) > 5
    assert {reason for reason in raised if f"`{reason}`" not in TEXT} == set()


def test_the_doctor_has_each_link_that_the_pages_name_and_they_name_each() -> None:
    names = {link.name for link in LINKS}
    real_cloud = (DOCS / "real-cloud.md").read_text(encoding="utf-8")
    cells = "\n".join(re.findall(r"^\|.*\|$", real_cloud, re.MULTILINE))
    assert set(re.findall(r"\*\*(.+?)\*\*", cells)) <= names
    assert {name for name in names if f"**{name}**" not in real_cloud} == set()
    told = re.findall(r"doctor: ((?:\*\*.+?\*\*(?: or )?)+)", TEXT)
    assert told
    assert {name for cell in told for name in re.findall(r"\*\*(.+?)\*\*", cell)} <= names
