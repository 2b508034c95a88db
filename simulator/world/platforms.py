"""The platforms of devices, and the limits of Device OS.

The platform ids are those of the package `@particle/device-constants`. The limits, in bytes of
UTF-8, are those of the Device OS reference, "Overview of API field limits".
"""

PHOTON_2 = 32
BORON = 13
TRACKER = 26

WIFI = {0, 6, 8, 12, 32, 35, 38, 42}
CELLULAR = {10, 13, 15, 23, 25, 26, 28, 35, 37, 38, 42}
GEN_2 = {6, 8, 10}


# Bytes that the name and the data of an event may have at most. Devices whose Device OS has no
# large events send less data, but that concerns the devices.
EVENT_NAME = 64
EVENT_DATA = 16_384


def argument_limit(platform_id: int, system_firmware_version: str) -> int:
    """Return how many bytes the argument of a function may have.

    Args:
        platform_id: of the device.
        system_firmware_version: its version of Device OS, such as `5.8.0`.
    """
    if _version(system_firmware_version) < (0, 8):
        return 63
    return variable_limit(platform_id, system_firmware_version)


def variable_limit(platform_id: int, system_firmware_version: str) -> int:
    """Return how many bytes the text of a variable may have; as `argument_limit`."""
    if _version(system_firmware_version) < (3, 0):
        return 622
    return 864 if platform_id in GEN_2 else 1024


def _version(system_firmware_version: str) -> tuple[int, int]:
    major, minor = (int(part) for part in system_firmware_version.split(".")[:2])
    return major, minor
