/**
 * A scene whose reward terms are overheard: what each pays in a step is noted while the stage machine adds it up, so that
 * nothing is computed a second time.
 */

import type { AssembledScene } from "../../sim/scene.ts";

export class Meter {
  /** Names of the columns: `stage/term`, and what failing cost. */
  names: readonly string[] = [];
  #paid = new Float32Array(0);

  /** The same scene; its stages report to this meter. */
  overhear(scene: AssembledScene): AssembledScene {
    const names: string[] = [];
    const stages = scene.stages.map((stage) => {
      const terms = Object.entries(stage.terms).map(([name, pay]) => {
        const column = names.push(`${stage.name}/${name}`) - 1;
        const noted: typeof pay = (step) => {
          const paid = pay(step);
          this.#paid[column] = paid;
          return paid;
        };
        return [name, noted] as const;
      });
      return { ...stage, terms: Object.fromEntries(terms) };
    });
    this.names = [...names, "failure"];
    this.#paid = new Float32Array(this.names.length);
    return { ...scene, stages };
  }

  /** What was paid since the last call; what `reward` has beyond the terms is the cost of failing. */
  take(reward: number): Float32Array {
    const paid = this.#paid;
    const terms = paid.reduce((sum, value) => sum + value, 0);
    const rest = reward - terms;
    // rewards are kept as float32
    if (Math.abs(rest) > 1e-4) paid[paid.length - 1] = rest;
    this.#paid = new Float32Array(paid.length);
    return paid;
  }
}
