"""Properties of Microsoft.Compute and Microsoft.ContainerService resources."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from workbench.dataset.azure.naming import LOCATIONS
from workbench.dataset.azure.scene import Details, Scene

__all__ = ["COMPUTE"]

_SIZES: Final = {
    "Standard_B2s": 5,
    "Standard_D2s_v5": 6,
    "Standard_D4s_v5": 4,
    "Standard_E8ds_v5": 2,
    "Standard_F4s_v2": 1,
}
_IMAGES: Final = (
    ("Linux", "Canonical", "0001-com-ubuntu-server-jammy", "22_04-lts-gen2"),
    ("Linux", "RedHat", "RHEL", "9-lvm-gen2"),
    ("Windows", "MicrosoftWindowsServer", "WindowsServer", "2022-datacenter-azure-edition"),
)


def _virtual_machine(scene: Scene) -> Details:
    system, publisher, offer, sku = scene.stream.pick(_IMAGES)
    disks = scene.owned("Microsoft.Compute/disks")
    cards = scene.owned("Microsoft.Network/networkInterfaces")
    available = scene.near("Microsoft.Compute/availabilitySets") if scene.stream.chance(0.15) else ""
    properties: dict[str, Any] = {
        "vmId": scene.guid("vm"),
        "provisioningState": scene.pick({"Succeeded": 40, "Failed": 1, "Updating": 1}),
        "hardwareProfile": {"vmSize": scene.pick(_SIZES)},
        "storageProfile": {
            "imageReference": {"publisher": publisher, "offer": offer, "sku": sku, "version": "latest"},
            "osDisk": _os_disk(system, disks),
            "dataDisks": [
                {"lun": lun, "createOption": "Attach", "caching": "ReadOnly", "managedDisk": {"id": disk}}
                for lun, disk in enumerate(disks[1:])
            ],
            "diskControllerType": "SCSI",
        },
        "osProfile": _os_profile(scene, system),
        "securityProfile": {
            "securityType": "TrustedLaunch",
            "uefiSettings": {"secureBootEnabled": True, "vTpmEnabled": True},
        },
        "networkProfile": {
            "networkInterfaces": [
                {"id": card, "properties": {"primary": number == 0, "deleteOption": "Detach"}}
                for number, card in enumerate(cards)
            ]
        },
        "diagnosticsProfile": {"bootDiagnostics": {"enabled": True}},
        "timeCreated": "2024-03-01T08:00:00.0000000+00:00",
    }
    if available:
        properties["availabilitySet"] = {"id": available}
    return Details(properties, identity=scene.identity(0.5), zones=() if available else scene.zones())


def _os_disk(system: str, disks: list[str]) -> dict[str, Any]:
    disk: dict[str, Any] = {
        "osType": system,
        "createOption": "FromImage",
        "caching": "ReadWrite",
        "deleteOption": "Detach",
        "diskSizeGB": 64,
    }
    return disk | ({"managedDisk": {"storageAccountType": "Premium_LRS", "id": disks[0]}} if disks else {})


def _os_profile(scene: Scene, system: str) -> dict[str, Any]:
    profile: dict[str, Any] = {
        "computerName": scene.place.label[:15],
        "adminUsername": "azureadmin",
        "secrets": [],
        "allowExtensionOperations": True,
        "requireGuestProvisionSignal": True,
    }
    if system == "Linux":
        settings = {"patchMode": "ImageDefault", "assessmentMode": "AutomaticByPlatform"}
        own = {"disablePasswordAuthentication": True, "provisionVMAgent": True, "patchSettings": settings}
        return profile | {"linuxConfiguration": own}
    return profile | {"windowsConfiguration": {"provisionVMAgent": True, "enableAutomaticUpdates": True}}


def _extension(scene: Scene) -> Details:
    properties = {
        "publisher": "Microsoft.Azure.Monitor",
        "type": scene.place.label.rstrip("-0123456789"),
        "typeHandlerVersion": f"1.{scene.stream.number(0, 40)}",
        "autoUpgradeMinorVersion": True,
        "enableAutomaticUpgrade": scene.stream.chance(0.5),
        "provisioningState": scene.pick({"Succeeded": 30, "Failed": 2, "Transitioning": 1}),
        "settings": {"authentication": {"managedIdentity": {"identifier-name": "mi_res_id"}}},
    }
    if scene.stream.chance(0.3):
        workspace = scene.near("Microsoft.OperationalInsights/workspaces")
        properties["settings"] = {"workspaceResourceId": workspace, "stopOnMultipleConnections": True}
    return Details(properties)


def _disk(scene: Scene) -> Details:
    attached = bool(scene.owner) and scene.stream.chance(0.93)
    size = scene.stream.pick((32, 64, 128, 256, 512, 1024))
    properties: dict[str, Any] = {
        "uniqueId": scene.guid("disk"),
        "creationData": {"createOption": scene.pick({"FromImage": 6, "Empty": 4})},
        "diskSizeGB": size,
        "diskSizeBytes": size << 30,
        "diskIOPSReadWrite": 500,
        "diskMBpsReadWrite": 100,
        "encryption": {"type": "EncryptionAtRestWithPlatformKey"},
        "networkAccessPolicy": "AllowAll",
        "publicNetworkAccess": "Enabled",
        "diskState": "Attached" if attached else "Unattached",
        "timeCreated": "2024-03-01T08:00:00.0000000+00:00",
        "provisioningState": "Succeeded",
    }
    sku = {"name": scene.pick({"Premium_LRS": 5, "StandardSSD_LRS": 4, "Standard_LRS": 1}), "tier": "Premium"}
    return Details(properties, sku=sku, managed_by=scene.owner if attached else "", zones=scene.zones())


def _snapshot(scene: Scene) -> Details:
    source = scene.near("Microsoft.Compute/disks")
    properties = {
        "uniqueId": scene.guid("snapshot"),
        "creationData": {
            "createOption": "Copy",
            "sourceResourceId": source,
            "sourceUniqueId": scene.guid("source"),
        },
        "diskSizeGB": scene.stream.pick((32, 64, 128)),
        "incremental": True,
        "diskState": "Unattached",
        "provisioningState": "Succeeded",
    }
    return Details(properties, sku={"name": "Standard_ZRS", "tier": "Standard"})


def _availability_set(scene: Scene) -> Details:
    properties = {"platformUpdateDomainCount": 5, "platformFaultDomainCount": 2, "virtualMachines": []}
    return Details(properties, sku={"name": "Aligned"})


def _cluster(scene: Scene) -> Details:
    label, version = scene.place.label, f"1.{scene.stream.number(29, 33)}.{scene.stream.number(0, 9)}"
    workspace = scene.near("Microsoft.OperationalInsights/workspaces")
    region = LOCATIONS.get(scene.place.location, "West Europe").replace(" ", "")
    pools = [
        {
            "name": name,
            "count": scene.stream.number(1, 12),
            "vmSize": scene.pick(_SIZES),
            "mode": mode,
            "vnetSubnetID": scene.subnet().get("id", ""),
            "orchestratorVersion": version,
            "nodeLabels": {"workload": name},
            "nodeTaints": [] if mode == "System" else ["sku=spot:NoSchedule"],
        }
        for name, mode in (("system", "System"), ("apps", "User"))
    ]
    properties = {
        "provisioningState": "Succeeded",
        "powerState": {"code": "Running"},
        "kubernetesVersion": version,
        "dnsPrefix": label,
        "fqdn": f"{label}-dns.hcp.{scene.place.location}.azmk8s.example",
        "agentPoolProfiles": pools,
        "nodeResourceGroup": f"MC_{scene.place.group.name}_{label}_{region}",
        "networkProfile": {"networkPlugin": "azure", "networkPolicy": "calico", "serviceCidr": "10.240.0.0/16"},
        "identityProfile": {
            "kubeletidentity": {"resourceId": scene.near("Microsoft.ManagedIdentity/userAssignedIdentities")}
        },
        "addonProfiles": {"omsagent": {"enabled": True, "config": {"logAnalyticsWorkspaceResourceID": workspace}}},
    }
    return Details(properties, sku={"name": "Base", "tier": "Standard"}, identity=scene.identity(1.0))


COMPUTE: Final[Mapping[str, Callable[[Scene], Details]]] = {
    "Microsoft.Compute/virtualMachines": _virtual_machine,
    "Microsoft.Compute/virtualMachines/extensions": _extension,
    "Microsoft.Compute/disks": _disk,
    "Microsoft.Compute/snapshots": _snapshot,
    "Microsoft.Compute/availabilitySets": _availability_set,
    "Microsoft.ContainerService/managedClusters": _cluster,
}
"""The draw of its properties by type."""
