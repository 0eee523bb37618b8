"""Prints the hashes of manifests, and what robots say of them at hello, as a JSON list."""

import json
import sys

from understudy.robot import interface_text, manifest_hash

manifests = [json.load(open(file)) for file in sys.argv[1:]]
print(json.dumps([[manifest_hash(each), interface_text(each)] for each in manifests]))
