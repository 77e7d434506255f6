"""Sections of Classic API documents that the estate leaves at Jamf Pro's defaults; all documents share them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

__all__ = [
    "ACCOUNT_MAINTENANCE",
    "DATE_TIME_LIMITATIONS",
    "DISK_ENCRYPTION",
    "EXCLUSIONS",
    "FILES_PROCESSES",
    "LIMITATIONS",
    "NETWORK_LIMITATIONS",
    "NO_SITE",
    "OVERRIDE_DEFAULT_SETTINGS",
    "REBOOT",
    "USER_INTERACTION",
]

Section = Mapping[str, Any]

NO_SITE: Final[Section] = {"id": -1, "name": "None"}

DATE_TIME_LIMITATIONS: Final[Section] = {
    "activation_date": "",
    "activation_date_epoch": 0,
    "activation_date_utc": "",
    "expiration_date": "",
    "expiration_date_epoch": 0,
    "expiration_date_utc": "",
    "no_execute_on": {},
    "no_execute_start": "",
    "no_execute_end": "",
}

NETWORK_LIMITATIONS: Final[Section] = {
    "minimum_network_connection": "No Minimum",
    "any_ip_address": True,
    "network_segments": "",
}

OVERRIDE_DEFAULT_SETTINGS: Final[Section] = {
    "target_drive": "default",
    "distribution_point": "default",
    "force_afp_smb": False,
    "sus": "default",
    "netboot_server": "current",
}

LIMITATIONS: Final[Section] = {"users": [], "user_groups": [], "network_segments": [], "ibeacons": []}

EXCLUSIONS: Final[Section] = {
    "computers": [],
    "computer_groups": [],
    "buildings": [],
    "departments": [],
    **LIMITATIONS,
}

ACCOUNT_MAINTENANCE: Final[Section] = {
    "accounts": [],
    "directory_bindings": [],
    "management_account": {"action": "doNotChange"},
    "open_firmware_efi_password": {"of_mode": "none"},
}

REBOOT: Final[Section] = {
    "message": "This computer will restart in 5 minutes. Please save anything you are working on and log out.",
    "startup_disk": "Current Startup Disk",
    "specify_startup": "",
    "no_user_logged_in": "Do not restart",
    "user_logged_in": "Do not restart",
    "minutes_until_reboot": 5,
    "start_reboot_timer_immediately": False,
    "file_vault_2_reboot": False,
}

FILES_PROCESSES: Final[Section] = {
    "search_by_path": "",
    "delete_file": False,
    "locate_file": "",
    "update_locate_database": False,
    "spotlight_search": "",
    "search_for_process": "",
    "kill_process": False,
    "run_command": "",
}

USER_INTERACTION: Final[Section] = {
    "message_start": "",
    "allow_users_to_defer": False,
    "allow_deferral_until_utc": "",
    "allow_deferral_minutes": 0,
    "message_finish": "",
}

DISK_ENCRYPTION: Final[Section] = {"action": "none"}
