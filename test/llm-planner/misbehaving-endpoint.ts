/** A local server that speaks chat completions, well or badly, as a script tells it to. */

import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface Reply {
  /** The text of the answer, streamed in a few pieces. */
  readonly answer?: string;
  /** The connection is destroyed after this many pieces. */
  readonly cutAfter?: number;
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, instead of a stream. */
  readonly body?: string;
  /** Sent as the data of one event. */
  readonly event?: string;
  /** Never answers. */
  readonly silent?: boolean;
  /** Streams without end. */
  readonly endless?: boolean;
  readonly finish?: string;
  /** Why the model does not answer, in its own words. */
  readonly refusal?: string;
}

export interface Request {
  readonly body: Record<string, unknown>;
  readonly key: string;
  readonly headers: IncomingMessage["headers"];
}

export interface Endpoint {
  readonly url: string;
  /** Requests so far. */
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

/** Answers request i with `replies[i]`, the last one from then on. */
export async function openEndpoint(replies: readonly Reply[]): Promise<Endpoint> {
  const requests: Request[] = [];
  const server = createServer(async (request, response) => {
    const reply = replies[Math.min(requests.length, replies.length - 1)];
    requests.push({
      body: JSON.parse(await textOf(request)) as Record<string, unknown>,
      key: request.headers.authorization ?? "",
      headers: request.headers,
    });
    send(reply, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/v1`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const piece of request) text += String(piece);
  return text;
}

function send(reply: Reply, response: ServerResponse): void {
  if (reply.silent) return;
  if (reply.status !== undefined || reply.body !== undefined) {
    response.writeHead(reply.status ?? 200, {
      "content-type": "application/json",
      ...reply.headers,
    });
    response.end(reply.body ?? "{}");
    return;
  }
  response.writeHead(200, { "content-type": "text/event-stream" });
  if (reply.event !== undefined) {
    response.end(`data: ${reply.event}\n\n`);
    return;
  }
  if (reply.endless) {
    const timer = setInterval(() => response.write(chunk("x".repeat(4000))), 1);
    response.on("close", () => clearInterval(timer));
    return;
  }
  const pieces = reply.answer?.match(/[\s\S]{1,40}/g) ?? [];
  for (const [i, piece] of pieces.entries()) {
    if (i === reply.cutAfter) {
      // what was written so far must leave before the connection goes
      response.write(": cut\n\n", () => response.destroy());
      return;
    }
    response.write(chunk(piece));
  }
  if (reply.refusal !== undefined) response.write(chunk("", null, reply.refusal));
  response.write(chunk("", reply.finish ?? "stop"));
  const usage = { prompt_tokens: 1200, completion_tokens: 90, total_tokens: 1290 };
  response.write(`data: ${JSON.stringify({ ...shell, choices: [], usage })}\n\n`);
  response.end("data: [DONE]\n\n");
}

const shell = { id: "1", object: "chat.completion.chunk", created: 0, model: "test" };

function chunk(content: string, finish: string | null = null, refusal?: string): string {
  const delta = { content, ...(refusal !== undefined && { refusal }) };
  const choices = [{ index: 0, delta, finish_reason: finish }];
  return `data: ${JSON.stringify({ ...shell, choices })}\n\n`;
}
