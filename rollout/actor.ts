/** Policies as the roll-out sees them: rows of observations in, rows of actions out. */

import type { Axes } from "../core/arrays.ts";
import { ConfigError } from "../core/errors.ts";
import { Actor } from "../nn/engine.ts";
import { readBundle } from "../policies/bundle.ts";
import { buildNetwork, type NetworkSpec } from "../policies/networks/network.ts";
import { loadPolicyBytes } from "../policies/runtime/node.ts";
import type { GroupName } from "../sim/observations.ts";
import { assembleScene } from "../sim/scene.ts";
import { findScene } from "../sim/scenes/index.ts";
import { checkBundleFits } from "./bundle-fit.ts";
import type { SimulationSpec } from "./shard.ts";

/** A network whose weights are handed in, and which observation group feeds each of its inputs. */
export interface NetworkActor {
  readonly kind: "network";
  readonly network: NetworkSpec;
  readonly inputs: Readonly<Record<string, GroupName>>;
}

/** Where a policy comes from. */
export type ActorSpec = NetworkActor | { readonly kind: "bundle"; readonly folder: string };

/** Groups that an actor reads. */
export type ActorInputs = Readonly<Record<string, GroupName>>;

/** A policy bound to a fixed number of rows. */
export interface BatchActor {
  readonly inputs: ActorInputs;
  /** Mean actions [N, A]; reused by the next call. `theta` is ignored by bundles. */
  act(theta: Float32Array, groups: Readonly<Record<string, Float32Array>>): Promise<Axes<"N,A">>;
  /** Forgets the past of rows whose episode has ended; all rows without an argument. */
  reset(boundaries?: Axes<"N">): void;
  close(): Promise<void>;
}

/** Groups that feed a student bundle's inputs. */
const BUNDLE_GROUPS: ActorInputs = {
  layers: "layers",
  proprioception: "proprioception",
  goal: "goal",
  lastSeen: "lastSeen",
};

/** What an actor reads of observation groups, by its inputs' names: arrays of a roll-out, [T, N, row] each, or tensors of a graph. */
export function readBy<T>(
  { inputs }: NetworkActor,
  { groups }: { readonly groups: Readonly<Record<string, T>> },
): Record<string, T> {
  return Object.fromEntries(Object.entries(inputs).map(([input, group]) => [input, groups[group]]));
}

/**
 * @param simulation what it is to drive in
 * @throws ConfigError for a bundle that was made for another robot, another beat or other roles
 */
export async function openActor(
  spec: ActorSpec,
  rows: number,
  simulation: SimulationSpec,
): Promise<BatchActor> {
  return spec.kind === "network"
    ? openNetwork(spec, rows)
    : openBundle(spec.folder, rows, simulation);
}

async function openNetwork(reader: NetworkActor, rows: number): Promise<BatchActor> {
  const { network: spec, inputs } = reader;
  const { params, act, inputs: specs } = buildNetwork(spec);
  const width = spec.kind === "student" ? spec.memory : 0;
  const memory = new Float32Array(rows * width);
  const outputs = width > 0 ? ["mean", "nextMemory"] : ["mean"];
  const actor = await Actor.create({ params, forward: act, inputs: specs, outputs, batch: rows });
  let frozen: Float32Array | undefined;
  return {
    inputs,
    async act(theta, groups) {
      // convolutions run twice as fast with weights built in; small networks do not repay the work
      if (spec.kind === "student" && frozen !== theta) {
        await actor.freeze(theta);
        frozen = theta;
      }
      const feeds = readBy(reader, { groups });
      const result = await actor.run(theta, width > 0 ? { ...feeds, memory } : feeds);
      if (width > 0) memory.set(result.nextMemory);
      return result.mean;
    },
    reset: (boundaries) => forget(memory, width, boundaries),
    close: () => actor.close(),
  };
}

async function openBundle(
  folder: string,
  rows: number,
  simulation: SimulationSpec,
): Promise<BatchActor> {
  const { manifest, onnx } = readBundle(folder);
  const inputs = manifest.inputs.map((input) => input.name);
  const recurrent = new Set(manifest.recurrent.map((pair) => pair.input));
  const observed = inputs.filter((name) => !recurrent.has(name));
  for (const name of observed) {
    if (!BUNDLE_GROUPS[name]) {
      const known = Object.keys(BUNDLE_GROUPS).join(", ");
      throw new ConfigError(
        `The policy in "${folder}" reads "${name}", which no scene gives. Inputs that scenes give: ${known}.`,
      );
    }
  }
  checkBundleFits(manifest, assembleScene(findScene(simulation.scene), simulation.config));
  const policy = await loadPolicyBytes(manifest, onnx);
  return {
    inputs: Object.fromEntries(observed.map((name) => [name, BUNDLE_GROUPS[name]])),
    act: (_theta, groups) =>
      policy.act(
        Object.fromEntries(observed.map((name) => [name, groups[BUNDLE_GROUPS[name]]])),
        rows,
      ),
    reset(boundaries) {
      if (!boundaries) policy.reset();
      else for (const [row, ended] of boundaries.entries()) if (ended === 1) policy.reset(row);
    },
    close: () => policy.close(),
  };
}

function forget(memory: Float32Array, width: number, boundaries?: Axes<"N">): void {
  if (!boundaries) {
    memory.fill(0);
    return;
  }
  for (let row = 0; row < boundaries.length; row++) {
    if (boundaries[row] === 1) memory.fill(0, row * width, (row + 1) * width);
  }
}
