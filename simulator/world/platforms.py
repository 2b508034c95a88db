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


def argument_limit(platform_id: int, system_firmware_version: str) -> int:
    """Return how many bytes the argument of a function may have.

    Args:
        platform_id: of the device.
        system_firmware_version: its version of Device OS, such as `5.8.0`.
    """
    major, minor = (int(part) for part in system_firmware_version.split(".")[:2])
    if (major, minor) < (0, 8):
        return 63
    if major < 3:  # noqa: PLR2004 - the Device OS release that raised the limit
        return 622
    return 864 if platform_id in GEN_2 else 1024
