"""The words the estate is made of: public product names, generic departments, places; nobody's real data."""

from __future__ import annotations

import re
import unicodedata
from typing import NamedTuple

__all__ = ["APPS", "BUILDINGS", "CATEGORIES", "DEPARTMENTS", "MACOS", "MODELS", "SITES", "App", "slug"]


class App(NamedTuple):
    """An application; ``team`` is an invented signing team."""

    name: str
    bundle: str
    category: str

    @property
    def path(self) -> str:
        return f"/Applications/{self.name}.app"

    @property
    def team(self) -> str:
        return slug(self.bundle).replace("_", "").upper()[-10:].rjust(10, "X")


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and single underscores: safe in file names and as an identifier's tail."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain.lower()).strip("_")


_APPS = """
Firefox|org.mozilla.firefox|Browsers
Google Chrome|com.google.Chrome|Browsers
Microsoft Teams|com.microsoft.teams2|Communication
zoom.us|us.zoom.xos|Communication
Slack|com.tinyspeck.slackmacgap|Communication
Microsoft Word|com.microsoft.Word|Productivity
Microsoft Excel|com.microsoft.Excel|Productivity
Microsoft Outlook|com.microsoft.Outlook|Productivity
Visual Studio Code|com.microsoft.VSCode|Developer Tools
Docker|com.docker.docker|Developer Tools
1Password|com.1password.1password|Security
Adobe Acrobat Reader|com.adobe.Reader|Productivity
VLC|org.videolan.vlc|Media
GIMP|org.gimp.gimp|Design
Inkscape|org.inkscape.Inkscape|Design
LibreOffice|org.libreoffice.script|Productivity
Thunderbird|org.mozilla.thunderbird|Communication
Microsoft Edge|com.microsoft.edgemac|Browsers
iTerm|com.googlecode.iterm2|Developer Tools
Postman|com.postmanlabs.mac|Developer Tools
PyCharm|com.jetbrains.pycharm|Developer Tools
IntelliJ IDEA|com.jetbrains.intellij|Developer Tools
Figma|com.figma.Desktop|Design
Blender|org.blenderfoundation.blender|Design
Audacity|org.audacityteam.audacity|Media
OBS|com.obsproject.obs-studio|Media
HandBrake|fr.handbrake.HandBrake|Media
Cyberduck|ch.sudo.cyberduck|Utilities
Keka|com.aone.keka|Utilities
Rectangle|com.knollsoft.Rectangle|Utilities
Wireshark|org.wireshark.Wireshark|Network
Tunnelblick|net.tunnelblick.tunnelblick|Network
Citrix Workspace|com.citrix.receiver.icaviewer.mac|Network
TeamViewer|com.teamviewer.TeamViewer|Remote Support
KeePassXC|org.keepassxc.keepassxc|Security
Santa|com.northpolesec.santa|Security
Nudge|com.github.macadmins.Nudge|Utilities
SuspiciousPackage|com.mothersruin.SuspiciousPackageApp|Utilities
BBEdit|com.barebones.bbedit|Developer Tools
R|org.R-project.R|Science
RStudio|com.rstudio.desktop|Science
Zotero|org.zotero.zotero|Science
QGIS3|org.qgis.qgis3|Science
Unity Hub|com.unity3d.unityhub|Developer Tools
Signal|org.whispersystems.signal-desktop|Communication
Webex|com.cisco.webexmeetingsapp|Communication
Miro|com.electron.realtimeboard|Design
Notion|notion.id|Productivity
"""

APPS = tuple(App(*line.split("|")) for line in _APPS.strip().splitlines())

CATEGORIES = (
    "Productivity", "Security", "Maintenance", "Browsers", "Communication", "Developer Tools", "Enrollment",
    "Inventory", "Utilities", "Network", "Printers", "Design", "Media", "Science", "Remote Support", "Updates",
    "Compliance", "Testing", "Retired", "Self Service", "Fonts", "Drivers", "Accessibility", "Onboarding",
)  # fmt: skip

DEPARTMENTS = (
    "Engineering", "Finance", "Marketing", "Human Resources", "Sales", "Legal", "Operations", "Research",
    "Customer Support", "Design Studio", "Facilities", "Executive Office", "Procurement", "Öffentlichkeitsarbeit",
)  # fmt: skip

SITES = (
    "Berlin", "Zürich", "Austin", "Toronto", "São Paulo", "Kraków", "Malmö", "Lyon", "Osaka", "Leeds", "Pune",
    "Cork", "Gdańsk", "Québec", "København", "Wellington",
)  # fmt: skip

BUILDINGS = ("Main Building", "Annex", "North Wing", "Lab 2", "Warehouse", "Studio")

MODELS = ("MacBook Pro", "MacBook Air", "Mac mini", "iMac", "Mac Studio")

MACOS = ("13.7.8", "14.7.7", "14.8.1", "15.5", "15.6.1", "15.7.1", "26.0.1", "26.1")
