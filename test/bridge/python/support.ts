/** A Python with the packages that a test needs: made once, kept in the temporary folder, or none. */

import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

const root = path.resolve(import.meta.dirname, "../../..");

/** Where the Python package lies; tests import it from there. */
export const packageFolder = path.join(root, "bridge", "python");

/** What the package itself needs, and nothing that takes minutes to install. */
export const basics = ["numpy", "pyzmq", "msgpack", "gymnasium"] as const;

/**
 * An interpreter that has `packages`, or why there is none: no Python 3.9, no network. A test is then
 * skipped with that reason. The environment is kept for the next run.
 */
export function pythonWith(packages: readonly string[]): { python: string } | { missing: string } {
  const key = createHash("sha256").update(packages.join()).digest("hex").slice(0, 12);
  const folder = path.join(tmpdir(), `understudy-python-${key}`);
  const python = path.join(folder, "bin", "python");
  if (existsSync(python)) return { python };
  const found = spawnSync("python3", ["-c", "import sys; sys.exit(sys.version_info < (3, 9))"]);
  if (found.status !== 0) return { missing: "there is no python3 of version 3.9 or newer" };
  const beside = `${folder}.${process.pid}`;
  const words = ["-m", "pip", "install", "--quiet", "--retries", "0", "--timeout", "15"];
  const steps = [
    ["python3", "-m", "venv", beside],
    [path.join(beside, "bin", "python"), ...words, ...packages],
  ];
  for (const [program, ...args] of steps) {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8", timeout: 100_000 });
    if (status === 0) continue;
    rmSync(beside, { recursive: true, force: true });
    const reason = stderr.trim().split("\n").at(-1) ?? "";
    return { missing: `${packages.join(", ")} cannot be installed (${reason})` };
  }
  // another test may have been quicker
  if (existsSync(folder)) rmSync(beside, { recursive: true });
  else renameSync(beside, folder);
  return { python };
}

/** Runs a script of this folder; see `runPythonFile`. */
export function runPython(
  python: string,
  script: string,
  ...args: readonly string[]
): Promise<string> {
  return runPythonFile(python, path.join(import.meta.dirname, script), ...args);
}

/** Runs a script with the package on its path; its standard output, or its error. */
export async function runPythonFile(
  python: string,
  file: string,
  ...args: readonly string[]
): Promise<string> {
  const child = spawn(python, [file, ...args], {
    env: { ...process.env, PYTHONPATH: packageFolder, PYTHONDONTWRITEBYTECODE: "1" },
  });
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
