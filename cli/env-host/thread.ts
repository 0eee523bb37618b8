/** A worker thread that answers one request after the other. */

import type { Worker } from "node:worker_threads";
import { revive, startWorker } from "../../rollout/thread.ts";
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
    this.#worker = startWorker("worker", import.meta.url);
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
    if (reply.error) waiting?.reject(revive(reply.error));
    else waiting?.resolve(reply.result);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const { reject } of this.#waiting.splice(0)) reject(this.#ended);
  }
}
