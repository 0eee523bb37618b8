/** The channels of a recording. Images, poses and remarks have Foxglove's schemas, the rest our own. */

import { FrameTransforms, Log, RawImage, SceneUpdate } from "@foxglove/schemas/jsonschema.js";
import type { Channel } from "./sink.ts";

const time = {
  type: "object",
  title: "time",
  properties: { sec: { type: "integer" }, nsec: { type: "integer" } },
};
const numbers = { type: "array", items: { type: ["number", "null"] } };

/** Everything but the images: those of the same moment have channels of their own, and the same stamp. */
export interface ObservationMessage {
  readonly timestamp: { readonly sec: number; readonly nsec: number };
  readonly sequence: number;
  /** The policy forgets what it remembers of this robot before it answers. */
  readonly reset: boolean;
  /** Rows by input name; null stands for a number that is not finite. */
  readonly arrays: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface ActionMessage {
  readonly timestamp: { readonly sec: number; readonly nsec: number };
  /** Sequence of the observation that it answers. */
  readonly observation: number;
  /** In the manifest's output units, as sent. */
  readonly action: readonly (number | null)[];
  /** The same in SI units, by column. */
  readonly si: Readonly<Record<string, number | null>>;
}

/** How an episode of a robot ended. A session that says nothing of episodes has none. */
export interface EpisodeMessage {
  readonly timestamp: { readonly sec: number; readonly nsec: number };
  readonly episode: number;
  readonly outcome: string;
  readonly steps: number;
  /** Sum of its rewards, where they are known. */
  readonly return?: number;
}

export const observationChannel = (robot: string): Channel => ({
  topic: `/${robot}/observation`,
  schemaName: "understudy.Observation",
  schema: {
    title: "understudy.Observation",
    type: "object",
    properties: {
      timestamp: time,
      sequence: { type: "integer" },
      reset: { type: "boolean" },
      arrays: { type: "object", additionalProperties: numbers },
    },
  },
});

export const actionChannel = (robot: string): Channel => ({
  topic: `/${robot}/action`,
  schemaName: "understudy.Action",
  schema: {
    title: "understudy.Action",
    type: "object",
    properties: {
      timestamp: time,
      observation: { type: "integer" },
      action: numbers,
      si: { type: "object", additionalProperties: { type: ["number", "null"] } },
    },
  },
});

export const episodeChannel = (robot: string): Channel => ({
  topic: `/${robot}/episode`,
  schemaName: "understudy.Episode",
  schema: {
    title: "understudy.Episode",
    type: "object",
    properties: {
      timestamp: time,
      episode: { type: "integer" },
      outcome: { type: "string" },
      steps: { type: "integer" },
      return: { type: "number" },
    },
  },
});

/** One layer of a camera input, float32 (32FC1). */
export const imageChannel = (robot: string, input: string, layer: string): Channel => ({
  topic: `/${robot}/${input}/${layer}`,
  schemaName: "foxglove.RawImage",
  schema: RawImage,
});

export const posesChannel: Channel = {
  topic: "/tf",
  schemaName: "foxglove.FrameTransforms",
  schema: FrameTransforms,
};

export const bodiesChannel: Channel = {
  topic: "/bodies",
  schemaName: "foxglove.SceneUpdate",
  schema: SceneUpdate,
  lasting: true,
};

export const logChannel: Channel = { topic: "/log", schemaName: "foxglove.Log", schema: Log };
