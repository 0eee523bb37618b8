/** What the reader should answer, as rows of numbers, and the loss that compares. */

import type { Meters } from "../../core/units.ts";
import { logSoftmax } from "../../nn/attention.ts";
import type { Graph } from "../../nn/graph.ts";
import type { DataSpec, Objective } from "../../nn/model.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { DIRECTIONS, MOST_PLACES } from "../grammar/goals.ts";
import { type Example, STATUSES } from "../grammar/instructions.ts";
import { OBJECTS } from "./encoding.ts";
import { type ReaderSize, readerForward, readerInputs } from "./reader.ts";
import { type Token, tokenize } from "./words.ts";

/** Tokens of an example, and for each the objects that its stretch of words speaks of. */
export interface ReadExample {
  readonly tokens: readonly Token[];
  /** undefined where the words were not meant to name anything. */
  readonly refers: readonly (readonly number[] | undefined)[];
  /** Tokens on which nothing hangs. */
  readonly loose: readonly boolean[];
  /** The clauses that tokens belong to; undefined where that is not known. */
  readonly clauses: readonly (Span | undefined)[];
}

/** What a clause moves, and by which object it places it. */
interface Span {
  readonly moves: readonly number[];
  readonly anchor?: number;
}

const NO_CLAUSE: Span = { moves: [] };

export function readPieces({ pieces, world }: Example): ReadExample {
  const parts = pieces.map((piece) => ({ piece, tokens: tokenize(piece.text, world) }));
  const known = pieces.some(({ clause }) => clause);
  return {
    tokens: parts.flatMap(({ tokens }) => tokens),
    refers: parts.flatMap(({ piece, tokens }) => tokens.map(() => piece.refers)),
    loose: parts.flatMap(({ piece, tokens }) => tokens.map(() => piece.loose ?? false)),
    clauses: parts.flatMap(({ piece, tokens }) =>
      tokens.map(() => piece.clause ?? (known ? NO_CLAUSE : undefined)),
    ),
  };
}

export function targetSpec({ tokens }: ReaderSize): DataSpec {
  const byte = (...shape: number[]) => ({ shape, dtype: "uint8" as const });
  return {
    "is status": byte(STATUSES.length),
    "is moved": byte(OBJECTS),
    "is anchor": byte(OBJECTS, OBJECTS),
    "is direction": byte(OBJECTS, DIRECTIONS.length),
    "may be beside": byte(OBJECTS),
    "is distance": byte(OBJECTS, MOST_PLACES + tokens),
    "is earlier": byte(OBJECTS, OBJECTS),
    "is before": byte(OBJECTS, OBJECTS),
    "may be before": byte(1),
    "is referred": byte(tokens, OBJECTS),
    "may refer": byte(tokens),
    "is clause": byte(tokens, OBJECTS),
    "is leaning": byte(tokens, OBJECTS),
    "may belong": byte(tokens),
  };
}

export type TargetRow = Readonly<Record<string, Uint8Array>>;

/** The targets of one example. */
export function targetsOf(example: Example, read: ReadExample, size: ReaderSize): TargetRow {
  const spec = targetSpec(size);
  const rows: Record<string, Uint8Array> = {};
  for (const [name, { shape }] of Object.entries(spec)) {
    rows[name] = new Uint8Array(shape.reduce((a, b) => a * b, 1));
  }
  rows["is status"][STATUSES.indexOf(example.status)] = 1;
  const { goals, before } = example.meaning;
  const { untold } = example;
  rows["may be before"][0] = untold ? 0 : 1;
  const far = MOST_PLACES + size.tokens;
  goals.forEach(({ object, anchor, direction, place, distance_m }, i) => {
    rows["is moved"][object] = 1;
    rows["is anchor"][object * OBJECTS + anchor] = 1;
    rows["is direction"][object * DIRECTIONS.length + DIRECTIONS.indexOf(direction)] = 1;
    rows["may be beside"][object] = untold?.sides[i] ? 1 : 0;
    rows["is distance"][
      object * far + (distance_m === undefined ? place - 1 : lengthOf(distance_m))
    ] = 1;
    for (const later of untold ? [] : goals.slice(i + 1)) {
      rows["is earlier"][object * OBJECTS + later.object] = 1;
    }
  });
  for (const [first, second] of before) {
    rows["is before"][goals[first].object * OBJECTS + goals[second].object] = 1;
  }
  read.refers.forEach((objects, t) => {
    if (!objects) return;
    rows["may refer"][t] = 1;
    for (const object of objects) rows["is referred"][t * OBJECTS + object] = 1;
  });
  read.clauses.forEach((clause, t) => {
    if (!clause) return;
    rows["may belong"][t] = 1;
    for (const object of clause.moves) rows["is clause"][t * OBJECTS + object] = 1;
    if (clause.anchor !== undefined) rows["is leaning"][t * OBJECTS + clause.anchor] = 1;
  });
  return rows;

  /** The token that gives the distance of a goal: lengths are said in the order of their clauses or swapped. */
  function lengthOf(wanted_m: Meters): number {
    const token = read.tokens.findIndex(
      ({ length_m }) => length_m !== undefined && Math.abs(length_m - wanted_m) < 1e-6,
    );
    if (token < 0) throw new Error(`internal: the words do not say the distance ${wanted_m} m`);
    return MOST_PLACES + token;
  }
}

/** Cross-entropies of all answers, summed over objects and averaged over the batch. */
export function readerObjective(size: ReaderSize): Objective {
  const forward = readerForward(size);
  return (g, views, batch) => {
    const rows = batch.words.shape[0];
    const inputs = Object.fromEntries(
      Object.keys(readerInputs(size)).map((name) => [name, batch[name]]),
    );
    const said = forward(g, views, inputs);
    const is = (name: string) => g.cast(batch[name], g.dtype);
    const ok = g.reshape(g.slice(is("is status"), 1, 0, 1), [rows, 1]);
    const moved = is("is moved");
    const here = g.reshape(g.slice(g.cast(batch.objects, g.dtype), 2, 0, 1), [rows, OBJECTS]);
    const average = (x: Tensor) => g.div(g.sum(x), rows);
    const chosen = (logits: Tensor, target: Tensor) =>
      g.neg(average(g.mul(logSoftmax(g, logits), target)));
    const bothMoved = g.mul(
      g.reshape(moved, [rows, OBJECTS, 1]),
      g.reshape(moved, [rows, 1, OBJECTS]),
    );
    const ordered = g.mul(bothMoved, g.reshape(is("may be before"), [rows, 1, 1]));
    const refers = g.mul(
      g.reshape(is("may refer"), [rows, size.tokens, 1]),
      g.reshape(here, [rows, 1, OBJECTS]),
    );
    const belongs = g.mul(
      g.reshape(g.mul(is("may belong"), ok), [rows, size.tokens, 1]),
      g.reshape(here, [rows, 1, OBJECTS]),
    );
    const stats = {
      status: chosen(said.status, is("is status")),
      moved: average(g.mul(yesNo(g, said.moved, moved), g.mul(here, ok))),
      anchor: chosen(said.anchor, is("is anchor")),
      direction: average(sideLoss(g, said.direction, is("is direction"), is("may be beside"))),
      distance: chosen(said.distance, is("is distance")),
      turn: average(g.mul(turns(g, said.turn), is("is earlier"))),
      before: average(g.mul(yesNo(g, said.before, is("is before")), ordered)),
      refers: g.mul(average(g.mul(yesNo(g, said.refers, is("is referred")), refers)), 0.2),
      clause: g.mul(average(g.mul(yesNo(g, said.clause, is("is clause")), belongs)), 0.03),
      leans: g.mul(chosen(said.leans, is("is leaning")), 0.03),
    };
    const loss = Object.values(stats).reduce((sum, term) => g.add(sum, term));
    return { loss, stats };
  };
}

/**
 * [N, O]: what it costs not to say a side, of logits [N, O, DIRECTIONS]. Where an object may have been meant to be just beside ([N, O]),
 * to say that is as good.
 */
export function sideLoss(g: Graph, logits: Tensor, side: Tensor, mayBeBeside: Tensor): Tensor {
  const logProbs = logSoftmax(g, logits);
  const own = g.sum(g.mul(logProbs, side), { axes: [2] });
  const beside = DIRECTIONS.indexOf("beside");
  const other = g.reshape(g.slice(logProbs, 2, beside, beside + 1), own.shape);
  // log(p + q) = log p + softplus(log q - log p)
  return g.neg(g.add(own, g.mul(mayBeBeside, g.softplus(g.sub(other, own)))));
}

/** Cross-entropy of a yes or no, from its logit. */
function yesNo(g: Graph, logit: Tensor, target: Tensor): Tensor {
  // masked logits would overflow nothing, but their loss is masked as well, so keep them small
  const bounded = g.clip(logit, -30, 30);
  return g.sub(g.softplus(bounded), g.mul(bounded, target));
}

/** [N, O, O]: what it costs if row o is earlier than column p. */
function turns(g: Graph, turn: Tensor): Tensor {
  const [rows, objects] = turn.shape;
  const own = g.reshape(turn, [rows, objects, 1]);
  const other = g.reshape(turn, [rows, 1, objects]);
  return g.softplus(g.sub(own, other));
}
