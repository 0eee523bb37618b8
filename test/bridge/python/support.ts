/** The Python of the tests, and what it has. */

import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import path from "node:path";
import { insistOn } from "../../support/required.ts";

const root = path.resolve(import.meta.dirname, "../../..");

/** Where the Python package lies; tests import it from there. */
export const packageFolder = path.join(root, "bridge", "python");

/** What the package itself needs. */
export const basics = ["numpy", "pyzmq", "msgpack", "gymnasium"] as const;

const made = path.join(root, "runs", "python", "bin", "python");

/** `UNDERSTUDY_PYTHON`, else what test/python/install.sh made, else the machine's. */
export const python = process.env.UNDERSTUDY_PYTHON ?? (existsSync(made) ? made : "python3");

const distributions =
  "import importlib.metadata as m; print(*{d.metadata['Name'] for d in m.distributions()})";

/**
 * The interpreter if it has `packages`, by their names on PyPI; or why not, with which a test is skipped.
 * @throws Error where .ci/run has made an environment that lacks one
 */
export function pythonWith(packages: readonly string[]): { python: string } | { missing: string } {
  const { status, stdout } = spawnSync(python, ["-c", distributions], { encoding: "utf8" });
  const has = status === 0 ? stdout.trim().toLowerCase().split(" ") : [];
  const lacks = packages.filter((name) => !has.includes(name));
  if (lacks.length === 0) return { python };
  const missing = `"${python}" lacks ${lacks.join(", ")}; run test/python/install.sh once`;
  insistOn("python", missing);
  return { missing };
}

/** Runs a script of this folder; see `runPythonFile`. */
export function runPython(
  python: string,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  return runPythonFile(python, path.join(import.meta.dirname, script), ...args);
}

/** A script that begins to run, with the package on its path. */
export function startPythonFile(python: string, file: string, ...args: readonly string[]) {
  return spawn(python, ["-u", file, ...args], {
    env: { ...process.env, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: "1" },
  });
}

/** Runs a script with the package on its path; its standard output, or its error. */
export async function runPythonFile(
  python: string,
  file: string,
  ...args: readonly string[]
): Promise<string> {
  const child = startPythonFile(python, file, ...args);
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    out += chunk;
  });
  child.stderr.on("data", (chunk: Buffer) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  if (code !== 0) throw new Error(`${file} ended with code ${code}:\n${err}`);
  return out;
}
