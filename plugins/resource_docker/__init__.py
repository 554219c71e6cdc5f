"""Pulumi's docker resource plugin, over the docker SDK: the stand-in for machines that cannot download the official one."""
