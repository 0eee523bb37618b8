/** A TCP cable that can be cut, or stalled: plugged in, but nothing comes through. */

import { once } from "node:events";
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export class Cable {
  readonly endpoint: string;
  readonly #far: number;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  #isStalled = false;

  private constructor(near: number, far: number) {
    this.endpoint = `tcp://127.0.0.1:${near}`;
    this.#far = far;
  }

  /** A cable to a local port. */
  static async to(far: number): Promise<Cable> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const cable = new Cable((server.address() as AddressInfo).port, far);
    server.on("connection", (near) => cable.#join(near));
    server.unref();
    return cable;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  stall(): void {
    this.#isStalled = true;
    for (const socket of this.#sockets) socket.pause();
  }

  mend(): void {
    this.#isCut = false;
    this.#isStalled = false;
    for (const socket of this.#sockets) socket.resume();
  }

  #join(near: Socket): void {
    if (this.#isCut) {
      near.destroy();
      return;
    }
    const far = createConnection({ host: "127.0.0.1", port: this.#far, noDelay: true });
    near.setNoDelay(true);
    for (const [from, to] of [
      [near, far],
      [far, near],
    ]) {
      this.#sockets.add(from);
      from.on("data", (bytes) => to.write(bytes));
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        to.destroy();
      });
      if (this.#isStalled) from.pause();
    }
  }
}
