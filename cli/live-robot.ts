/** A policy that is served and watched: what robots see, what they are told, and a stop that overrules it. */

import type { ServerReport } from "../bridge/policy-server.ts";
import { type CameraSpec, inSiUnits, rowSize } from "../policies/manifest.ts";
import type { PolicyRuntime, Rows } from "../policies/runtime/runtime.ts";
import type { RobotState } from "../viewer/live-messages.ts";

/** Inverse depth (1/m) that is sent as the brightest byte. */
const BRIGHTEST = 4;

export class WatchedPolicy implements PolicyRuntime {
  readonly manifest: PolicyRuntime["manifest"];
  readonly #policy: PolicyRuntime;
  readonly #now_s: () => number;
  #seen_s: number | undefined;
  #observation: Rows = {};
  #action: Float32Array;
  /** While true every action is zero. */
  stopped = false;

  /** @param now_s a steady clock */
  constructor(policy: PolicyRuntime, now_s: () => number) {
    this.#policy = policy;
    this.#now_s = now_s;
    this.manifest = policy.manifest;
    this.#action = new Float32Array(rowSize(policy.manifest.output.shape));
  }

  async act(inputs: Rows, rows = 1): Promise<Float32Array> {
    return this.#overrule(await this.#policy.act(inputs, rows), inputs);
  }

  async step(...call: Parameters<PolicyRuntime["step"]>): ReturnType<PolicyRuntime["step"]> {
    const answer = await this.#policy.step(...call);
    return { ...answer, actions: this.#overrule(answer.actions, call[0]) };
  }

  reset(row?: number): void {
    this.#policy.reset(row);
  }

  close(): Promise<void> {
    return this.#policy.close();
  }

  /** How the robots are doing; images and action are those of the first row that was answered last. */
  state(endpoint: string, report: ServerReport): RobotState {
    const { output, inputs } = this.manifest;
    const seen = inputs.find(({ camera }) => camera !== undefined);
    const si = inSiUnits(output, this.#action);
    const names = output.columns.flatMap(({ name, width, unit }) =>
      Array.from({ length: width }, (_, i) => `${width > 1 ? `${name} ${i + 1}` : name}, ${unit}`),
    );
    return {
      policy: this.manifest.name,
      endpoint,
      robots: report.robots,
      observations: report.observations,
      image: seen?.camera && this.#image(seen.name, seen.shape, seen.camera),
      action: Object.fromEntries(names.map((name, i) => [name, si[i]])),
      latencyP50_ms: finite(report.latencyP50_ms),
      latencyP99_ms: finite(report.latencyP99_ms),
      silent_s: this.#seen_s === undefined ? null : this.#now_s() - this.#seen_s,
      stopped: this.stopped,
    };
  }

  #overrule(actions: Float32Array, inputs: Rows): Float32Array {
    // the server reuses its arrays
    const first = this.manifest.inputs.map(
      ({ name, shape }) => [name, inputs[name].slice(0, rowSize(shape))] as const,
    );
    this.#observation = Object.fromEntries(first);
    this.#seen_s = this.#now_s();
    const told = this.stopped ? new Float32Array(actions.length) : actions;
    this.#action = told.slice(0, this.#action.length);
    return told;
  }

  #image(name: string, shape: readonly number[], { layers }: CameraSpec): RobotState["image"] {
    const pixels = this.#observation[name];
    if (!pixels) return undefined;
    const bytes = Uint8Array.from(pixels, (w) => Math.min(255, Math.max(0, (255 * w) / BRIGHTEST)));
    return { shape, layers, bytes: Buffer.from(bytes).toString("base64") };
  }
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
