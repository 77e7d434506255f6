"""Payloads of configuration profiles, with the keys of Apple's "Profile-Specific Payload Keys" reference."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import Any

from workbench.dataset.draw import Stream
from workbench.dataset.jamf.vocabulary import APPS, SITES, App, slug

__all__ = ["CERTIFICATE_TYPE", "PAYLOADS", "certificate"]

CERTIFICATE_TYPE = "com.apple.security.pkcs1"

# A self-signed certificate made for this file ("Example Escrow Test"); its key was thrown away.
_CERTIFICATE = base64.b64decode(
    "MIIB0TCCAXegAwIBAgIUfcKbJpY6R2pnicg6evrlEljqohEwCgYIKoZIzj0EAwIwPTEdMBsGA1UECgwURXhhbXBsZSBPcmdhbmlz"
    "YXRpb24xHDAaBgNVBAMME0V4YW1wbGUgRXNjcm93IFRlc3QwIBcNMjYxMTIzMDM1MDA4WhgPMjEyNjEwMzAwMzUwMDhaMD0xHTAb"
    "BgNVBAoMFEV4YW1wbGUgT3JnYW5pc2F0aW9uMRwwGgYDVQQDDBNFeGFtcGxlIEVzY3JvdyBUZXN0MFkwEwYHKoZIzj0CAQYIKoZI"
    "zj0DAQcDQgAE50S7SILc5BHp4cZbqigM6gCNQWShMUVca8NhsM4PkvNSAHgQPpUgF1MJ6tBfcp3TkDHU7kNPkvNEMxJ6XVhsLKNT"
    "MFEwHQYDVR0OBBYEFNGZt9hlkeksaWK2DsQ7/8Kl7d0+MB8GA1UdIwQYMBaAFNGZt9hlkeksaWK2DsQ7/8Kl7d0+MA8GA1UdEwEB"
    "/wQFMAMBAf8wCgYIKoZIzj0EAwIDSAAwRQIgbwMnWTQh04x+9zStDqObOmx8ZCa69gLbC+mhU+Gf6/gCIQDVGtvFD8W7AAR005b9"
    "3fA2KqC4IWzJDWZti5fS7DujNg=="
)

Keys = dict[str, Any]


def certificate() -> Keys:
    return {"PayloadCertificateFileName": "escrow.cer", "PayloadContent": _CERTIFICATE}


def _wifi(stream: Stream) -> Keys:
    return {
        "SSID_STR": f"{stream.pick(SITES)}-{stream.pick(('Corp', 'Büro', 'Guest & Visitors'))}",
        "AutoJoin": True,
        "HIDDEN_NETWORK": stream.chance(0.2),
        "EncryptionType": stream.pick(("WPA2", "WPA3")),
        "ProxyType": "None",
        "EAPClientConfiguration": {"AcceptEAPTypes": [13], "TLSTrustedServerNames": ["radius.intranet.example"]},
    }


def _escrow(stream: Stream) -> Keys:
    return {"Location": f"Escrowed at {stream.pick(SITES)}", "DeviceKey": "serial", "EncryptCertPayloadUUID": ""}


def _filevault(stream: Stream) -> Keys:
    return {"Enable": "On", "Defer": True, "DeferForceAtUserLoginMaxBypassAttempts": stream.number(0, 5)}


def _requirement(app: App) -> str:
    return f'identifier "{app.bundle}" and anchor apple generic and certificate leaf[subject.OU] = "{app.team}"'


def _privacy(stream: Stream) -> Keys:
    services: dict[str, list[Keys]] = {}
    kinds = ("SystemPolicyAllFiles", "Accessibility", "ScreenCapture", "AppleEvents", "SystemPolicyDocumentsFolder")
    for app in stream.several(APPS, stream.log_normal(4, 0.8, 1, 40), exponent=0.4):
        entry = {
            "Identifier": app.bundle,
            "IdentifierType": "bundleID",
            "CodeRequirement": _requirement(app),
            "Comment": f"{app.name} needs this",
            "Authorization": stream.pick(("Allow", "AllowStandardUserToSetSystemService")),
        }
        services.setdefault(stream.pick(kinds), []).append(entry)
    return {"Services": services}


def _restrictions(stream: Stream) -> Keys:
    keys = (
        "allowAirDrop", "allowCloudDocumentSync", "allowContentCaching", "allowEraseContentAndSettings",
        "allowScreenShot", "allowSpotlightInternetResults", "allowUniversalControl", "forceAutomaticDateAndTime",
    )  # fmt: skip
    return {key: stream.chance(0.4) for key in keys if stream.chance(0.7)} or {"allowAirDrop": False}


def _login_window(stream: Stream) -> Keys:
    text = f"Property of Example Organisation – {stream.pick(SITES)}.\nLost? <it@example.org> & “thank you”."
    return {"SHOWFULLNAME": True, "LoginwindowText": text, "DisableConsoleAccess": stream.chance(0.5)}


def _screen_saver(stream: Stream) -> Keys:
    return {
        "idleTime": stream.number(3, 20) * 60,
        "askForPassword": True,
        "askForPasswordDelay": stream.number(0, 5),
    }


def _updates(stream: Stream) -> Keys:
    return {
        "AutomaticCheckEnabled": True,
        "CriticalUpdateInstall": True,
        "AllowPreReleaseInstallation": stream.chance(0.1),
    }


def _system_extensions(stream: Stream) -> Keys:
    apps = stream.several(APPS, stream.number(1, 4), exponent=0.5)
    return {
        "AllowUserOverrides": False,
        "AllowedSystemExtensions": {app.team: [f"{app.bundle}.extension"] for app in apps},
    }


def _login_items(stream: Stream) -> Keys:
    rules = [
        {"RuleType": "TeamIdentifier", "RuleValue": app.team, "Comment": app.name}
        for app in stream.several(APPS, stream.log_normal(4, 0.7, 1, 30), exponent=0.5)
    ]
    return {"Rules": rules}


def _notifications(stream: Stream) -> Keys:
    settings = [
        {
            "BundleIdentifier": app.bundle,
            "NotificationsEnabled": stream.chance(0.8),
            "AlertType": stream.number(0, 2),
        }
        for app in stream.several(APPS, stream.log_normal(6, 0.8, 1, 40), exponent=0.5)
    ]
    return {"NotificationSettings": settings}


def _dock(stream: Stream) -> Keys:
    items = [
        {"tile-type": "file-tile", "tile-data": {"label": app.name, "file-data": {"_CFURLString": app.path}}}
        for app in stream.several(APPS, stream.number(3, 15), exponent=0.5)
    ]
    return {"static-only": False, "tilesize": stream.number(30, 60), "static-apps": items}


def _preferences(stream: Stream) -> Keys:
    app = stream.skewed(APPS)
    settings: Keys = {
        "HomepageLocation": f"https://start.{slug(stream.pick(SITES))}.example/?from=${{user}}&app=%{{name}}",
        "MetricsReportingEnabled": False,
        "RefreshMinutes": stream.number(5, 240),
        "ManagedBookmarks": [
            {"name": f"{stream.pick(SITES)} {number}", "url": f"https://site{number}.intranet.example/"}
            for number in range(stream.log_normal(8, 1.0, 1, 120))
        ],
    }
    return {"PayloadContent": {app.bundle: {"Forced": [{"mcx_preference_settings": settings}]}}}


def _firewall(stream: Stream) -> Keys:
    applications = [
        {"BundleID": app.bundle, "Allowed": stream.chance(0.8)}
        for app in stream.several(APPS, stream.number(1, 12), exponent=0.5)
    ]
    return {"EnableFirewall": True, "EnableStealthMode": stream.chance(0.5), "Applications": applications}


def _vpn(stream: Stream) -> Keys:
    server = f"vpn.{slug(stream.pick(SITES))}.example"
    ike = {"RemoteAddress": server, "AuthenticationMethod": "Certificate", "RemoteIdentifier": server}
    return {"UserDefinedName": f"VPN {stream.pick(SITES)}", "VPNType": "IKEv2", "IKEv2": ike}


def _dns(stream: Stream) -> Keys:
    url = f"https://dns.{slug(stream.pick(SITES))}.example/dns-query"
    return {"DNSSettings": {"DNSProtocol": "HTTPS", "ServerURL": url}, "ProhibitDisablement": stream.chance(0.5)}


def _passcode(stream: Stream) -> Keys:
    return {
        "minLength": stream.number(8, 16),
        "maxFailedAttempts": stream.number(5, 11),
        "pinHistory": stream.number(1, 15),
    }


PAYLOADS: Mapping[str, tuple[str, float, Callable[[Stream], Keys]]] = {
    "com.apple.ManagedClient.preferences": ("Custom Settings", 18, _preferences),
    "com.apple.TCC.configuration-profile-policy": ("Privacy Preferences", 14, _privacy),
    "com.apple.applicationaccess": ("Restrictions", 9, _restrictions),
    "com.apple.wifi.managed": ("Wi-Fi", 9, _wifi),
    "com.apple.system-extension-policy": ("System Extensions", 8, _system_extensions),
    "com.apple.servicemanagement": ("Login Items", 7, _login_items),
    "com.apple.notificationsettings": ("Notifications", 7, _notifications),
    "com.apple.loginwindow": ("Login Window", 5, _login_window),
    "com.apple.SoftwareUpdate": ("Software Update", 5, _updates),
    "com.apple.security.FDERecoveryKeyEscrow": ("FileVault Recovery Key Escrow", 4, _escrow),
    "com.apple.MCX.FileVault2": ("FileVault", 4, _filevault),
    "com.apple.screensaver": ("Screen Saver", 4, _screen_saver),
    "com.apple.dock": ("Dock", 4, _dock),
    "com.apple.security.firewall": ("Firewall", 3, _firewall),
    "com.apple.vpn.managed": ("VPN", 3, _vpn),
    "com.apple.dnsSettings.managed": ("DNS Settings", 2, _dns),
    "com.apple.mobiledevice.passwordpolicy": ("Passcode", 3, _passcode),
}
"""By payload type: what people call it, how common it is, and the draw of its keys."""
