/** The worker's entry. It imports nothing at first, so that a failure to load can still be told. */

import type { FromWorker, ToWorker } from "../messages.ts";

interface Port {
  postMessage(message: FromWorker, transfer?: ArrayBufferLike[]): void;
  onmessage: ((event: { readonly data: ToWorker }) => void) | null;
}

const port = globalThis as unknown as Port;
const waiting: ToWorker[] = [];
port.onmessage = ({ data }) => waiting.push(data);

async function open(): Promise<void> {
  const { addOwnScenes } = await import("./own-scenes.ts");
  await addOwnScenes();
  const { Studio } = await import("./studio.ts");
  const studio = new Studio((message, transfer) => port.postMessage(message, transfer));
  port.onmessage = ({ data }) => studio.take(data);
  for (const message of waiting) studio.take(message);
}

open().catch(({ message: reason }: Error) => {
  const message =
    "WebAssembly" in globalThis
      ? `The simulation did not load: ${reason.replace(/\.$/, "")}. Reload the page.`
      : "This browser has no WebAssembly, which the simulation runs on. Use a current browser.";
  port.postMessage({ type: "failed", run: 0, message });
});
