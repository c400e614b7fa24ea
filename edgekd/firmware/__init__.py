"""A model on a board: PlatformIO project, image, sizes, upload."""

from edgekd.firmware.deployment import Deployment, deploy, deploy_cached

__all__ = ["Deployment", "deploy", "deploy_cached"]
