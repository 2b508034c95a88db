"""The alarms: whether somebody is notified when something breaks."""

from typing import Any

from admin.doctor.deployment import Deployment
from admin.doctor.finding import Finding, Link, ok, warning
from local.runs import ROOT

_VIEWER = "Monitoring Viewer (roles/monitoring.viewer)"
_LABEL = "particle_alert"
"""The label by which deploy.sh finds a policy again; its value is the name of the file."""


def _alarms(deployment: Deployment) -> Finding:
    url = f"https://monitoring.googleapis.com/v3/projects/{deployment.project}/alertPolicies"
    listed = deployment.google.items(url, "alertPolicies", _VIEWER)
    there: dict[str, dict[str, Any]] = {
        policy.get("userLabels", {}).get(_LABEL): policy for policy in listed
    }
    wanted = sorted(file.stem for file in (ROOT / "deploy/monitoring/alerts").glob("*.json"))
    if missing := [name for name in wanted if name not in there]:
        return warning(f"missing: {', '.join(missing)}", deployment.deploy("alerts"))
    # Google omits what is false or empty.
    if disabled := [name for name in wanted if not there[name].get("enabled")]:
        return warning(
            f"turned off: {', '.join(disabled)}",
            "turn them on: https://console.cloud.google.com/monitoring/alerting/policies"
            f"?project={deployment.project}",
        )
    if silent := [name for name in wanted if not there[name].get("notificationChannels")]:
        return warning(
            f"they notify nobody: {', '.join(silent)}",
            f"{deployment.deploy('alerts')} --alert-email ADDRESS",
        )
    return ok(f"{len(wanted)}, each notifies somebody")


ALARMS = Link("alarms", _alarms, cloud_only="nobody watches the demo")
