/**
 * Any endpoint that speaks OpenAI's chat completions (vLLM, llama.cpp, Ollama, hosted ones), with
 * structured output, a limit on the whole time, retries, a cache, and a log of tokens and cost.
 *
 * The key is handed in, goes into the client and nowhere else: not into names, logs, errors or files.
 */

import OpenAI, {
  APIConnectionError,
  APIConnectionTimeoutError,
  APIError,
  APIUserAbortError,
} from "openai";
import { WireError } from "../../core/errors.ts";
import { printable } from "../language/tokens.ts";
import { planAnswerJsonSchema } from "../plan.ts";
import type { Planner, PlanRequest, Proposal } from "../planner.ts";
import { AnswerCache } from "./cache.ts";
import { type Message, messagesFor } from "./prompt.ts";

/** Which endpoint, and what an answer may take. */
export interface EndpointOptions {
  /** Up to and including `/v1`, such as http://127.0.0.1:8080/v1. */
  readonly url: string;
  /** Name of the model, as the endpoint has it. */
  readonly model: string;
  /** Servers of one's own mostly need none. Appears in no log, message or file. */
  readonly key?: string;
  /** For the answer as a whole, retries included; 60 s unless given. */
  readonly limit_s?: number;
  /** Requests after the first, where a failure may pass on its own; 2 unless given. */
  readonly retries?: number;
  /** Folder of the cache; none unless given. */
  readonly cache?: string;
  /** Price of a million tokens, for the log. */
  readonly price?: { readonly input: number; readonly output: number };
  /** Called once a request, answered or not. */
  readonly log?: (entry: LogEntry) => void;
  /** Milliseconds from any start, for the log; the process's own clock unless given. */
  readonly clock?: () => number;
}

/** One request, as it is logged. */
export interface LogEntry {
  readonly model: string;
  /** Without user, password and query. */
  readonly url: string;
  readonly outcome: "answered" | "cached" | "failed";
  /** Why it failed. */
  readonly reason?: string;
  readonly inputTokens: number;
  readonly outputTokens: number;
  /** In the currency of `price`; 0 without one. */
  readonly cost: number;
  /** From asking to the answer, retries included. */
  readonly took_ms: number;
}

/** No plan is longer; a model that does not stop is stopped. */
const MAX_ANSWER = 40_000;

interface Answer {
  readonly text: string;
  readonly tokens: { readonly input: number; readonly output: number };
}

/** Asks a model behind an endpoint; docs/planner.md says which will do. Connects when it is first asked. */
export class EndpointPlanner implements Planner {
  readonly name: string;
  readonly #options: EndpointOptions;
  readonly #client: OpenAI;
  readonly #clock: () => number;
  readonly #cache: AnswerCache | undefined;

  constructor(options: EndpointOptions) {
    const { url, model, key, cache, clock = () => performance.now() } = options;
    this.name = `${model} at ${withoutSecrets(url)}`;
    this.#options = options;
    this.#clock = clock;
    this.#cache = cache === undefined ? undefined : new AnswerCache(cache);
    const headers = {
      accept: "application/json",
      "content-type": "application/json",
      authorization: `Bearer ${key ?? "none"}`,
    };
    this.#client = new OpenAI({
      baseURL: url,
      apiKey: key ?? "none",
      // nothing comes from the environment behind our back, nor goes to a server of any address
      organization: null,
      project: null,
      fetch: (input, init) => fetch(input, { ...init, headers }),
      logLevel: "off",
      maxRetries: 0,
    });
  }

  /** @throws WireError where there was no answer in time, FileError where it cannot be kept in the cache */
  async propose(request: PlanRequest, signal: AbortSignal): Promise<Proposal> {
    const messages = messagesFor(request);
    const { url, model } = this.#options;
    const asked = { url, model, messages, schema };
    const began_ms = this.#clock();
    const known = this.#cache?.find(asked);
    if (known) {
      this.#log("cached", { text: known.answer, tokens: { input: 0, output: 0 } }, began_ms);
      return { answer: known.answer, tokens: { input: 0, output: 0 }, cached: true };
    }
    const { text, tokens } = await this.#answerTo(messages, signal, began_ms);
    this.#cache?.keep(asked, { answer: text, tokens });
    return { answer: text, tokens };
  }

  /** Holds nothing that must be freed. */
  close(): void {}

  /** An answer, logged as soon as it is there: it is paid for. */
  async #answerTo(
    messages: readonly Message[],
    signal: AbortSignal,
    began_ms: number,
  ): Promise<Answer> {
    let answer: Answer;
    try {
      answer = await this.#askWithRetries(messages, signal);
    } catch (error) {
      const reason = this.#reasonOf(error, signal);
      this.#log("failed", undefined, began_ms, reason);
      throw new WireError(`${this.name} gave no plan: ${reason}`);
    }
    this.#log("answered", answer, began_ms);
    return answer;
  }

  /** Everything happens within one limit of time; what may pass on its own is tried again. */
  async #askWithRetries(messages: readonly Message[], outer: AbortSignal): Promise<Answer> {
    const { limit_s = 60, retries = 2 } = this.#options;
    const limit = AbortSignal.timeout(limit_s * 1000);
    const signal = AbortSignal.any([outer, limit]);
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#ask(messages, signal);
      } catch (error) {
        if (limit.aborted) throw new TimeUp(limit_s);
        if (signal.aborted || attempt >= retries || !mayPass(error)) throw error;
        await pause(retryAfter_ms(error) ?? 250 * 2 ** attempt, signal).catch(() => undefined);
        if (limit.aborted) throw new TimeUp(limit_s);
      }
    }
  }

  async #ask(messages: readonly Message[], signal: AbortSignal): Promise<Answer> {
    const stream = await this.#client.chat.completions.create(
      {
        model: this.#options.model,
        messages: [...messages],
        temperature: 0,
        stream: true,
        stream_options: { include_usage: true },
        response_format: {
          type: "json_schema",
          json_schema: { name: "plan", strict: true, schema },
        },
      },
      { signal },
    );
    let [text, refusal] = ["", ""];
    let finished: string | undefined;
    let tokens = { input: 0, output: 0 };
    for await (const { choices, usage } of stream) {
      text += choices?.[0]?.delta?.content ?? "";
      refusal += choices?.[0]?.delta?.refusal ?? "";
      finished = choices?.[0]?.finish_reason ?? finished;
      if (usage) tokens = { input: usage.prompt_tokens, output: usage.completion_tokens };
      if (text.length + refusal.length > MAX_ANSWER)
        throw new Unfinished("the answer does not end");
    }
    if (signal.aborted) throw new Unfinished("the time is up");
    if (finished === undefined) throw new Unfinished("the stream was cut");
    if (finished === "length") throw new Unfinished("the answer was cut at the model's limit");
    if (finished === "content_filter") throw new Declined("a filter of the server's held it back");
    if (refusal) throw new Declined(refusal);
    if (text.trim() === "") throw new Unfinished("the answer is empty");
    return { text, tokens };
  }

  #log(
    outcome: LogEntry["outcome"],
    answer: Answer | undefined,
    began_ms: number,
    reason?: string,
  ): void {
    const { model, url, price, log } = this.#options;
    const { input, output } = answer?.tokens ?? { input: 0, output: 0 };
    log?.({
      model,
      url: withoutSecrets(url),
      outcome,
      ...(reason === undefined ? {} : { reason }),
      inputTokens: input,
      outputTokens: output,
      cost: price ? (input * price.input + output * price.output) / 1e6 : 0,
      took_ms: Math.round(this.#clock() - began_ms),
    });
  }

  /** A sentence without the key, even where the server repeats it. */
  #reasonOf(error: unknown, signal: AbortSignal): string {
    const { key } = this.#options;
    const quoted = (text: string) =>
      // before it is cut, which might leave a part of the key
      printable(key ? text.replaceAll(key, "[key]") : text).slice(0, 200);
    return signal.aborted ? "it was interrupted." : sentenceOf(error, quoted);
  }
}

const schema = planAnswerJsonSchema();

/** The limit on the whole time was reached. */
class TimeUp extends Error {
  readonly limit_s: number;

  constructor(limit_s: number) {
    super("time is up");
    this.limit_s = limit_s;
  }
}

/** An answer that began but did not end as it should. */
class Unfinished extends Error {}

/** The model, or a filter before it, would not answer. */
class Declined extends Error {}

function mayPass(error: unknown): boolean {
  if (error instanceof Unfinished) return true;
  if (error instanceof Declined) return false;
  if (!(error instanceof APIError)) return true;
  const { status } = error;
  return status === undefined || status === 408 || status === 429 || status >= 500;
}

/** @param quoted a server's own words as they may be shown */
function sentenceOf(error: unknown, quoted: (text: string) => string): string {
  if (error instanceof TimeUp)
    return `no answer within ${error.limit_s} s. Raise the limit, or try a smaller model.`;
  if (error instanceof Unfinished) return `${error.message}. Try again, or another model.`;
  if (error instanceof Declined) return `it would not answer: ${quoted(error.message)}`;
  if (error instanceof APIConnectionTimeoutError) return "the connection timed out.";
  if (error instanceof APIUserAbortError) return "it was interrupted.";
  if (error instanceof SyntaxError) return "it sent something that is no JSON.";
  if (!(error instanceof APIError)) return "the stream was cut. Try again, or another model.";
  if (error instanceof APIConnectionError)
    return "there is no connection. Is the server running, and the URL right?";
  const { status } = error;
  if (status === undefined) return `it broke off: ${quoted(error.message)}`;
  if (status === 401 || status === 403)
    return `it refused the key (${status}). Check the key in the environment.`;
  if (status === 404)
    return "it knows no such model or path (404). Check the URL and the model's name.";
  if (status === 429)
    return "it has too many requests (429). Wait, or raise the number of retries.";
  return `it answered with status ${status}: ${quoted(error.message)}`;
}

/** What the server asks for, up to ten seconds. */
function retryAfter_ms(error: unknown): number | undefined {
  if (!(error instanceof APIError)) return undefined;
  const seconds = Number(error.headers?.get("retry-after") ?? Number.NaN);
  return Number.isFinite(seconds) ? Math.min(10_000, Math.max(0, seconds * 1000)) : undefined;
}

function pause(time_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, time_ms);
    signal.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        reject(signal.reason);
      },
      { once: true },
    );
  });
}

/** A URL without user, password and query, any of which may be a secret. */
function withoutSecrets(url: string): string {
  if (!URL.canParse(url)) return "an address that is no URL";
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}
