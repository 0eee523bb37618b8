/** Starting worker threads from sources or from `dist/`, and errors on their way out of them. */

import { Worker } from "node:worker_threads";
import * as errors from "../core/errors.ts";

/** What is left of an error on its way between threads. */
export interface WorkerError {
  readonly name: string;
  readonly message: string;
  readonly stack?: string;
  readonly statePath?: string;
  /** Node's name for it. */
  readonly code?: string;
}

/**
 * Starts the module `name`, without its suffix, that stands beside the module whose `import.meta.url` is `beside`.
 * Sources need a loader on Node versions that do not strip types themselves. Of the flags of this process the worker gets the
 * conditions, so that whatever it imports by a package's name is what this thread would get.
 */
export function startWorker(name: string, beside: string, workerData?: unknown): Worker {
  const isSource = beside.endsWith(".ts");
  const file = new URL(`./${name}${isSource ? ".ts" : ".js"}`, beside);
  const [major, minor] = process.versions.node.split(".").map(Number);
  const strips = major > 22 || (major === 22 && minor >= 18);
  const execArgv = conditionsOf(process.execArgv);
  if (!isSource || strips) return new Worker(file, { execArgv, workerData });
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); })`;
  return new Worker(code, { eval: true, execArgv, workerData });
}

/** Of Node's flags, those that say under which conditions packages are resolved. */
export function conditionsOf(flags: readonly string[]): string[] {
  return flags.flatMap((flag, i) => {
    if (flag.startsWith("--conditions=")) return [flag];
    return flag === "--conditions" || flag === "-C" ? [`--conditions=${flags[i + 1]}`] : [];
  });
}

/** Turns an error from a worker back into its class, so that users see a sentence, not a trace. */
export function revive(error: WorkerError): Error {
  if (error.name === "SimulationDivergedError") {
    return new errors.SimulationDivergedError(error.message, error.statePath ?? "");
  }
  const known = {
    ConfigError: errors.ConfigError,
    ShapeError: errors.ShapeError,
    FileError: errors.FileError,
    DeviceError: errors.DeviceError,
  }[error.name];
  if (known) return new known(error.message);
  const revived = new Error(error.message);
  if (error.stack) revived.stack = error.stack;
  return revived;
}
