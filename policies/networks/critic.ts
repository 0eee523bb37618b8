/** A critic that reads what its actor must not: V(s) of privileged rows (an asymmetric critic, Pinto et al., 2018). */

import { linear } from "../../nn/layers.ts";
import type { Forward } from "../../nn/model.ts";
import type { Params } from "../../nn/params.ts";

export interface CriticSpec {
  /** Columns of a privileged row. */
  readonly privileged: number;
  readonly hidden: number;
}

/** Adds the critic's parameters to its actor's. */
export function addCritic(params: Params, { privileged, hidden }: CriticSpec): Params {
  return params
    .linear("critic.1", privileged, hidden)
    .linear("critic.2", hidden, hidden)
    .linear("critic.value", hidden, 1);
}

/** V(s) [B] of privileged rows [B, O]. */
export const criticValue: Forward = (g, views, { privileged }) => {
  const hidden = g.tanh(
    linear(g, views, "critic.2", g.tanh(linear(g, views, "critic.1", privileged))),
  );
  return { value: g.reshape(linear(g, views, "critic.value", hidden), [privileged.shape[0]]) };
};
