"""Starts an environment server for the life of one environment."""

import json
import os
import shutil
import subprocess
import threading

from .vector_env import Env, VectorEnv
from .wire import EnvServerError


def launch(scene, envs=64, *, groups=None, seed=0, settings=None, threads=None, modules=(), command=None, single=False):
    """Starts ``understudy env-server`` and opens its environments; closing them ends the server.

    ``groups`` are observation groups, such as ``["layers", "proprioception"]``; ``settings`` go to
    ``--set``, such as ``{"scene.budgetSteps": 200}``. ``modules`` are files that export scenes of
    your own, a list of them or one. ``command`` is how to run understudy here: a list of words, by default
    ``["understudy"]`` if that is on the PATH, else what ``npx`` finds installed here. ``single=True`` gives
    one plain ``gymnasium.Env``.
    """
    words = list(command or _command())
    words += ["env-server", "--scene", scene, "--envs", str(1 if single else envs)]
    words += ["--endpoint", "tcp://127.0.0.1:*", "--seed", str(seed), "--untilInputEnds"]
    if groups is not None:
        words += ["--groups", ",".join(groups)]
    if threads is not None:
        words += ["--threads", str(threads)]
    for module in [modules] if isinstance(modules, (str, os.PathLike)) else modules:
        # npm's scripts would look for it from the folder of their package
        words += ["--module", os.path.abspath(module)]
    for name, value in (settings or {}).items():
        words += ["--set", f"{name}={json.dumps(value)}"]
    server = _Server(words)
    try:
        env = (Env if single else VectorEnv)(server.endpoint)
    except Exception:
        server.close()
        raise
    (env._vector if single else env)._server = server
    return env


def _command():
    # on npm that name is somebody else's: nothing may be fetched
    return ["understudy"] if shutil.which("understudy") else ["npx", "--no-install", "understudy"]


class _Server:
    """The process, once it listens."""

    def __init__(self, words):
        try:
            self._process = subprocess.Popen(
                words,
                # ends with this process, however that ends
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        except OSError as error:
            raise EnvServerError(
                f'Cannot start "{words[0]}": {error}. Give launch() a command that runs understudy.'
            ) from error
        said = []
        for line in self._process.stderr:
            said.append(line.rstrip())
            if line.startswith("serving ") and " at " in line:
                self.endpoint = line.rsplit(" at ", 1)[1].strip()
                break
        else:
            self._process.wait()
            reason = "\n".join(said[-8:]) or "it said nothing"
            raise EnvServerError(f"The environment server ended before it listened: {reason}")
        # what it says later must not fill the pipe
        threading.Thread(target=self._process.stderr.read, daemon=True).start()

    def close(self):
        self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
