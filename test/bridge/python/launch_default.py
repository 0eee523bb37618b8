"""Starts environments without saying how understudy is run, where only the programs of one folder are found. Argument: the folder."""

import os
import sys

import understudy

os.environ["PATH"] = sys.argv[1]
try:
    understudy.launch("reach-box")
except understudy.EnvServerError as error:
    print(error)
