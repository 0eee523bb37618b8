/** Both ends of the talk with a worker thread: requests, answered one by one and in their order. */

import { parentPort, type Worker, workerData } from "node:worker_threads";
import { ConfigError } from "../core/errors.ts";
import { addScenesOf } from "../sim/scenes/modules.ts";
import { revive, startWorker, type WorkerError } from "./thread.ts";

interface Reply {
  readonly result?: unknown;
  readonly error?: WorkerError;
}

interface Waiting {
  readonly kind: string;
  readonly settle: (reply: Reply) => void;
}

/** One worker thread and the requests it has not answered yet. While there are none, it keeps no process alive. */
export class WorkerThread<Request extends { readonly kind: string }> {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  /** Why the thread is no more. */
  #end: WorkerError | undefined;
  #isClosed = false;

  /**
   * Starts the module "worker" that stands beside the module whose `import.meta.url` is `beside`.
   *
   * @param modules URLs of modules whose scenes the thread adds before it answers anything
   */
  constructor(beside: string, modules: readonly string[] = []) {
    this.#worker = startWorker("worker", beside, { modules });
    this.#worker.unref();
    this.#worker.on("message", (reply: Reply) => {
      this.#waiting.shift()?.settle(reply);
      if (this.#waiting.length === 0) this.#worker.unref();
    });
    this.#worker.on("error", (error: Error) => this.#abandon(error));
    this.#worker.on("exit", (code) => this.#abandon(new Error(`its exit code was ${code}`)));
  }

  ask<Result>(request: Request): Promise<Result> {
    const { kind } = request;
    if (this.#isClosed) return Promise.reject(closed(kind));
    if (this.#end) return Promise.reject(revive(lost(this.#end, kind)));
    return new Promise((resolve, reject) => {
      // first, since nobody answers a request that cannot be cloned
      this.#worker.postMessage(request);
      this.#worker.ref();
      const settle = ({ error, result }: Reply) => {
        if (error) reject(revive(error));
        else resolve(result as Result);
      };
      this.#waiting.push({ kind, settle });
    });
  }

  /** Ends the thread, after a `last` request if there is one and the thread still answers. Does nothing the second time. */
  async close(last?: Request): Promise<void> {
    if (this.#isClosed) return;
    const asked = last && !this.#end ? this.ask(last) : undefined;
    this.#isClosed = true;
    try {
      await asked;
    } finally {
      await this.#worker.terminate();
    }
  }

  /** The thread is gone, with an error or without a word: nobody waits for it any longer. */
  #abandon(end: WorkerError): void {
    this.#end ??= end;
    for (const { kind, settle } of this.#waiting.splice(0)) {
      settle({ error: lost(this.#end, kind) });
    }
  }
}

/**
 * In the thread: hands over each request in turn. What arrives while one is being answered waits. Where a module cannot be
 * used, whoever asks is told so.
 */
export function answerRequests<Request extends { readonly kind: string }>(
  answer: (request: Request) => unknown,
): void {
  const scenesAdded = addModules((workerData as { readonly modules: readonly string[] }).modules);
  scenesAdded.catch(() => {});
  const reply = async (request: Request): Promise<Reply> => {
    try {
      if (request.kind !== "close") await scenesAdded;
      return { result: await answer(request) };
    } catch (error) {
      const { name, message, stack = "", statePath = "" } = error as Error & { statePath?: string };
      return { error: { name, message, stack, statePath } };
    }
  };
  let turn = Promise.resolve();
  parentPort?.on("message", (request: Request) => {
    turn = turn.then(async () => parentPort?.postMessage(await reply(request)));
  });
}

async function addModules(urls: readonly string[]): Promise<void> {
  for (const url of urls) await addScenesOf(url, () => import(url));
}

function closed(kind: string): ConfigError {
  return new ConfigError(`The threads that were asked to ${kind} had been closed. Open new ones.`);
}

/** What whoever waits for a thread that has ended is told. */
function lost(end: WorkerError, kind: string): WorkerError {
  if (end.code === "ERR_WORKER_OUT_OF_MEMORY") {
    const message = `A worker thread ran out of memory when it was asked to ${kind}. Use fewer environments or fewer workers.`;
    return { name: "DeviceError", message };
  }
  const message = `internal: a worker thread ended when it was asked to ${kind}: ${end.message}`;
  return { name: "Error", message, ...(end.stack && { stack: `Error: ${message}\n${end.stack}` }) };
}
