"""Show PBX CTI at work: a phone system, a Home Assistant, and calls between them."""
