"""The alarms: whether somebody is told when something breaks."""

from typing import Any

from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, ok, warning
from local.runs import ROOT

_VIEWER = "Monitoring Viewer (roles/monitoring.viewer)"
_LABEL = "particle_alert"
"""By which deploy.sh finds a policy again: the name of its file."""


def _alarms(deployment: Deployment) -> Finding:
    url = f"https://monitoring.googleapis.com/v3/projects/{deployment.project}/alertPolicies"
    listed = deployment.google.items(url, "alertPolicies", _VIEWER)
    there: dict[str, dict[str, Any]] = {
        policy.get("userLabels", {}).get(_LABEL): policy for policy in listed
    }
    wanted = sorted(file.stem for file in (ROOT / "deploy/monitoring/alerts").glob("*.json"))
    if missing := [name for name in wanted if name not in there]:
        return warning(f"missing: {', '.join(missing)}", deployment.deploy("alerts"))
    # Google leaves out what is false or empty.
    if disabled := [name for name in wanted if not there[name].get("enabled")]:
        return warning(
            f"turned off: {', '.join(disabled)}",
            "turn them on: https://console.cloud.google.com/monitoring/alerting/policies"
            f"?project={deployment.project}",
        )
    if silent := [name for name in wanted if not there[name].get("notificationChannels")]:
        return warning(
            f"they tell nobody: {', '.join(silent)}",
            f"{deployment.deploy('alerts')} --alert-email ADDRESS",
        )
    return ok(f"{len(wanted)}, each tells somebody")


ALARMS = Link("alarms", _alarms, cloud_only="nobody watches the demo")
