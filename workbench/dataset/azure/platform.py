"""Properties of applications, their monitoring, secrets and identities."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from workbench.dataset.azure.identifiers import guid
from workbench.dataset.azure.scene import Details, Scene

__all__ = ["PLATFORM"]

_MONITORED: Final = {
    "Microsoft.Compute/virtualMachines": 6,
    "Microsoft.Web/sites": 3,
    "Microsoft.Storage/storageAccounts": 2,
    "Microsoft.Sql/servers/databases": 2,
    "Microsoft.Network/loadBalancers": 1,
}
_STATE: Final = {"provisioningState": "Succeeded"}


def _metric_alert(scene: Scene) -> Details:
    target = scene.near(scene.pick(_MONITORED))
    group = scene.near("Microsoft.Insights/actionGroups")
    criterion = {
        "name": "Metric1",
        "metricName": scene.pick(
            {"Percentage CPU": 4, "Availability": 2, "Http5xx": 2, "dtu_consumption_percent": 1}
        ),
        "operator": scene.pick({"GreaterThan": 3, "LessThan": 1}),
        "threshold": scene.stream.number(1, 95),
        "timeAggregation": "Average",
        "dimensions": [],
        "criterionType": "StaticThresholdCriterion",
    }
    properties = {
        "description": scene.pick({"": 2, "Runbook: see the wiki, „Alarme“": 1, 'He said "page me"; \\o/': 1}),
        "severity": scene.stream.number(0, 4),
        "enabled": scene.stream.chance(0.9),
        "scopes": [target] if target else [],
        "evaluationFrequency": "PT5M",
        "windowSize": "PT15M",
        "criteria": {
            "odata.type": "Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria",
            "allOf": [criterion],
        },
        "autoMitigate": True,
        "actions": [{"actionGroupId": group, "webHookProperties": {}}] if group else [],
    }
    return Details(properties)


def _action_group(scene: Scene) -> Details:
    receiver = {"name": "on-call", "emailAddress": "on-call@contoso.example", "useCommonAlertSchema": True}
    properties = {
        "groupShortName": scene.place.label[:12],
        "enabled": True,
        "emailReceivers": [receiver | {"status": "Enabled"}],
        "webhookReceivers": [],
    }
    return Details(properties)


def _components(scene: Scene) -> Details:
    properties = {
        **_STATE,
        "ApplicationId": scene.place.label,
        "AppId": scene.guid("app"),
        "Application_Type": "web",
        "InstrumentationKey": scene.guid("instrumentation"),
        "RetentionInDays": 90,
        "WorkspaceResourceId": scene.near("Microsoft.OperationalInsights/workspaces"),
        "IngestionMode": "LogAnalytics",
    }
    return Details(properties, kind="web")


def _workspace(scene: Scene) -> Details:
    properties = {
        **_STATE,
        "customerId": scene.guid("workspace"),
        "sku": {"name": "PerGB2018"},
        "retentionInDays": scene.stream.pick((30, 90, 365)),
        "workspaceCapping": {"dailyQuotaGb": -1},
        "features": {"enableLogAccessUsingOnlyResourcePermissions": True},
    }
    return Details(properties)


def _site(scene: Scene) -> Details:
    label = scene.place.label
    host = f"{label.lower()}.azurewebsites.example"
    properties: dict[str, Any] = {
        "state": scene.pick({"Running": 9, "Stopped": 1}),
        "hostNames": [host],
        "enabledHostNames": [host, host.replace(".azure", ".scm.azure")],
        "hostNameSslStates": [
            {"name": name, "sslState": "Disabled", "hostType": kind, "virtualIP": None}
            for name, kind in ((host, "Standard"), (host.replace(".azure", ".scm.azure"), "Repository"))
        ],
        "usageState": "Normal",
        "enabled": True,
        "availabilityState": "Normal",
        "serverFarmId": scene.owner,
        "httpsOnly": scene.stream.chance(0.8),
        "siteConfig": {
            "linuxFxVersion": scene.pick({"PYTHON|3.12": 3, "DOTNETCORE|8.0": 3, "NODE|22-lts": 2, "": 2}),
            "alwaysOn": True,
            "http20Enabled": True,
            "minTlsVersion": "1.2",
            "numberOfWorkers": scene.stream.number(1, 4),
            "acrUseManagedIdentityCreds": False,
        },
        "clientAffinityEnabled": False,
        "outboundIpAddresses": ",".join(f"203.0.113.{scene.stream.number(1, 254)}" for _ in range(12)),
        "customDomainVerificationId": scene.guid("domain").upper(),
        "defaultHostName": host,
    }
    if scene.stream.chance(0.4) and (subnet := scene.subnet()):
        properties["virtualNetworkSubnetId"] = subnet["id"]
    kind = scene.pick({"app,linux": 5, "functionapp,linux": 3, "app": 2})
    return Details(properties, kind=kind, identity=scene.identity(0.7))


def _plan(scene: Scene) -> Details:
    workers = scene.stream.number(1, 5)
    properties = {
        **_STATE,
        "status": "Ready",
        "numberOfWorkers": workers,
        "maximumNumberOfWorkers": 30,
        "numberOfSites": len(scene.owned("Microsoft.Web/sites")),
        "reserved": True,
        "perSiteScaling": False,
    }
    size = scene.pick({"B1": 3, "P1v3": 4, "P2v3": 2, "Y1": 2})
    return Details(properties, sku={"name": size, "tier": "PremiumV3", "capacity": workers}, kind="linux")


def _key_vault(scene: Scene) -> Details:
    rules = [{"id": subnet["id"]} for subnet in (scene.subnet(),) if subnet and scene.stream.chance(0.4)]
    policies = [
        {"objectId": scene.guid(f"policy{number}"), "permissions": {"keys": [], "secrets": ["get", "list"]}}
        for number in range(scene.stream.number(0, 6))
    ]
    properties = {
        **_STATE,
        "sku": {"family": "A", "name": "standard"},
        "vaultUri": f"https://{scene.place.label.lower()}.vault.azure.example/",
        "accessPolicies": policies,
        "networkAcls": {"bypass": "AzureServices", "defaultAction": "Deny", "virtualNetworkRules": rules},
        "enableRbacAuthorization": not policies,
        "enableSoftDelete": True,
        "softDeleteRetentionInDays": 90,
    }
    return Details(properties)


def _user_identity(scene: Scene) -> Details:
    identity = scene.place.id.lower()
    return Details({"principalId": guid(identity, "p"), "clientId": guid(identity, "c"), "isolationScope": "None"})


def _workflow(scene: Scene) -> Details:
    site = scene.near("Microsoft.Web/sites")
    actions = {
        f"Step_{number}": {
            "type": "Http",
            "inputs": {"method": "POST", "uri": "https://hooks.example/{id}", "body": "@triggerBody()?['value']"},
            "runAfter": {f"Step_{number - 1}": ["Succeeded"]} if number else {},
        }
        for number in range(scene.stream.number(1, 5))
    }
    if site:
        actions["Call_function"] = {"type": "Function", "inputs": {"function": {"id": site}}, "runAfter": {}}
    definition = {
        "$schema": "https://schema.management.azure.com/schemas/2016-06-01/workflowdefinition.json#",
        "contentVersion": "1.0.0.0",
        "triggers": {"manual": {"type": "Request", "kind": "Http", "inputs": {"schema": {}}}},
        "actions": actions,
    }
    return Details({**_STATE, "state": "Enabled", "definition": definition}, identity=scene.identity(0.4))


def _automation(scene: Scene) -> Details:
    return Details(
        {"state": "Ok", "publicNetworkAccess": True, "disableLocalAuth": False, "sku": {"name": "Basic"}}
    )


PLATFORM: Final[Mapping[str, Callable[[Scene], Details]]] = {
    "Microsoft.Insights/metricAlerts": _metric_alert,
    "Microsoft.Insights/actionGroups": _action_group,
    "Microsoft.Insights/components": _components,
    "Microsoft.OperationalInsights/workspaces": _workspace,
    "Microsoft.Web/sites": _site,
    "Microsoft.Web/serverFarms": _plan,
    "Microsoft.KeyVault/vaults": _key_vault,
    "Microsoft.ManagedIdentity/userAssignedIdentities": _user_identity,
    "Microsoft.Logic/workflows": _workflow,
    "Microsoft.Automation/automationAccounts": _automation,
}
"""The draw of its properties by type."""
