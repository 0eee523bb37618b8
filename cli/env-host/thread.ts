/** A worker thread that answers one request after the other. */

import { Worker } from "node:worker_threads";
import {
  ConfigError,
  DeviceError,
  FileError,
  ShapeError,
  SimulationDivergedError,
} from "../../core/errors.ts";
import type { Reply, Request } from "./worker.ts";

interface Waiting {
  resolve(result: unknown): void;
  reject(error: Error): void;
}

export class Thread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  #ended: Error | undefined;

  constructor() {
    this.#worker = openWorker();
    this.#worker.on("message", (reply: Reply) => this.#settle(reply));
    this.#worker.on("error", (error) => this.#end(error as Error));
    this.#worker.on("exit", (code) => {
      this.#end(new Error(`internal: an environment thread ended with code ${code}`));
    });
  }

  ask<Result>(request: Request): Promise<Result> {
    if (this.#ended) return Promise.reject(this.#ended);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve: resolve as (result: unknown) => void, reject });
      this.#worker.postMessage(request);
    });
  }

  async close(): Promise<void> {
    this.#ended ??= new Error("internal: the environment thread is closed");
    await this.#worker.terminate();
  }

  #settle(reply: Reply): void {
    const waiting = this.#waiting.shift();
    if (reply.error) waiting?.reject(revived(reply.error));
    else waiting?.resolve(reply.result);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}

/** Starts the worker; sources need a loader on Node versions that do not strip types themselves. */
function openWorker(): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const file = new URL(isSource ? "./worker.ts" : "./worker.js", import.meta.url);
  const [major, minor] = process.versions.node.split(".").map(Number);
  const strips = major > 22 || (major === 22 && minor >= 18);
  if (!isSource || strips) return new Worker(file, { execArgv: [] });
  const loader = JSON.stringify(import.meta.resolve("tsx/esm/api"));
  const code = `import(${loader}).then(({ register }) => { register(); return import(${JSON.stringify(file.href)}); })`;
  return new Worker(code, { eval: true, execArgv: [] });
}

/** Turns an error from a thread back into its class, so that users see a sentence, not a trace. */
function revived({ name, message, stack, statePath }: NonNullable<Reply["error"]>): Error {
  if (name === "SimulationDivergedError") return new SimulationDivergedError(message, statePath);
  const known = { ConfigError, DeviceError, FileError, ShapeError }[name];
  if (known) return new known(message);
  const error = new Error(message);
  if (stack) error.stack = stack;
  return error;
}
