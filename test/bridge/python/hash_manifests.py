"""Prints the hashes of manifests as a JSON list."""

import json
import sys

from understudy.robot import manifest_hash

print(json.dumps([manifest_hash(json.load(open(file))) for file in sys.argv[1:]]))
