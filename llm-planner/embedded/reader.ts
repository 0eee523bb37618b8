/**
 * The reader: a small transformer from words and objects to goals.
 *
 * Tokens attend to each other; objects are the queries that attend to tokens and to each other, as in
 * set prediction (Carion et al. 2020), and what a token names is a bias of attention (Wang et al. 2020, RAT-SQL).
 * For each object it says whether it is moved, to which side of which other object, how far, and when; so
 * places are pointed at rather than generated, and one run reads the whole instruction.
 */

import { attention, attentionParams, MASKED } from "../../nn/attention.ts";
import type { Graph } from "../../nn/graph.ts";
import { normal } from "../../nn/initializers.ts";
import { layerNorm, linear } from "../../nn/layers.ts";
import type { DataSpec, Forward } from "../../nn/model.ts";
import { Params, type Views } from "../../nn/params.ts";
import type { Tensor } from "../../nn/tensor.ts";
import { DIRECTIONS, MOST_PLACES } from "../grammar/goals.ts";
import { STATUSES } from "../grammar/instructions.ts";
import { MOST_TOKENS, OBJECT_COLUMNS, OBJECTS, PAIR_COLUMNS } from "./encoding.ts";
import { CLASSES, FITS } from "./words.ts";

export interface ReaderSize {
  /** Words of the vocabulary. */
  readonly words: number;
  readonly width: number;
  readonly heads: number;
  readonly layers: number;
  /** Tokens of a row. The parameters do not depend on it. */
  readonly tokens: number;
}

export const READER_SIZE = { width: 64, heads: 4, layers: 3, tokens: MOST_TOKENS } as const;

/** Token distances beyond this share one bias. */
const NEAR = 8;
const POOLED = 32;

export function readerInputs({ tokens }: ReaderSize): DataSpec {
  return {
    words: { shape: [tokens], dtype: "uint8" },
    fits: { shape: [tokens, OBJECTS, FITS.length], dtype: "uint8" },
    objects: { shape: [OBJECTS, OBJECT_COLUMNS], dtype: "uint8" },
    pairs: { shape: [OBJECTS, OBJECTS, PAIR_COLUMNS], dtype: "uint8" },
  };
}

/**
 * Outputs, as logits unless said otherwise: status [N, STATUSES]; moved [N, O]; anchor [N, O, O];
 * direction [N, O, DIRECTIONS]; distance [N, O, MOST_PLACES + T] (a place in a row, or the token that gives a
 * length); turn [N, O], smaller is earlier; before [N, O, O], that the words demand the order;
 * refers [N, T, O], that a token speaks of an object.
 */
export const READER_OUTPUTS = [
  "status",
  "moved",
  "anchor",
  "direction",
  "distance",
  "turn",
  "before",
  "refers",
] as const;
export type ReaderOutput = (typeof READER_OUTPUTS)[number];

export function readerParams({ words, width, heads, layers }: ReaderSize): Params {
  const params = new Params()
    .add("word", [words, width], normal(0.3))
    .linear("fits", OBJECTS * FITS.length, width)
    .linear("object", OBJECT_COLUMNS, width);
  for (let i = 0; i < layers; i++) addLayer(params, i, width, heads);
  params
    .layerNorm("tokens.norm", width)
    .layerNorm("objects.norm", width)
    .linear("status.tokens", width + 1, POOLED)
    .linear("status.objects", width, POOLED)
    .linear("status.out", 2 * POOLED, STATUSES.length)
    .linear("moved", width, 1)
    .linear("direction", width, DIRECTIONS.length)
    .linear("place", width, MOST_PLACES)
    .linear("turn", width, 1)
    .layerNorm("clause.tokens.norm", width)
    .layerNorm("clause.objects.norm", width)
    .linear("clause.reads", 1, heads)
    .linear("clause.told", width, width, 0.1);
  for (const pointer of ["anchor", "length", "before", "refers"]) {
    params.linear(`${pointer}.from`, width, width).linear(`${pointer}.to`, width, width);
  }
  for (const pointer of ["clause", "leans"]) {
    params.linear(`${pointer}.from`, width, width).linear(`${pointer}.to`, width, width, 0.3);
  }
  return params;
}

function addLayer(params: Params, i: number, width: number, heads: number): void {
  params
    .add(`layer${i}.near`, [2 * NEAR + 1, heads], normal(0.1))
    .linear(`layer${i}.names`, FITS.length, heads)
    .linear(`layer${i}.pairs`, PAIR_COLUMNS, heads);
  for (const part of ["tokens", "reads", "objects"]) {
    attentionParams(params, `layer${i}.${part}`, width).layerNorm(`layer${i}.${part}.norm`, width);
  }
  for (const part of ["tokens.mlp", "objects.mlp"]) {
    params
      .layerNorm(`layer${i}.${part}.norm`, width)
      .linear(`layer${i}.${part}.in`, width, 2 * width, Math.SQRT2)
      .linear(`layer${i}.${part}.out`, 2 * width, width, 0.5);
  }
}

/** What every layer needs besides the two streams. */
interface Masks {
  readonly fits: Tensor;
  readonly pairs: Tensor;
  /** [N, 1, 1, T] and [N, 1, 1, O]: 0 where something is, very negative where nothing is. */
  readonly noToken: Tensor;
  readonly noObject: Tensor;
}

export function readerForward(size: ReaderSize): Forward {
  return (g, views, inputs) => {
    const { words, fits, objects, pairs } = inputs;
    const batch = words.shape[0];
    const { tokens, width } = size;
    const [fitting, here, pairing] = [fits, objects, pairs].map((x) => g.cast(x, g.dtype));
    const wordNumbers = g.cast(words, g.dtype);
    const absent = (x: Tensor, columns: number) =>
      g.reshape(g.where(g.compare("Greater", x, 0), 0, MASKED), [batch, 1, 1, columns]);
    const masks: Masks = {
      fits: fitting,
      pairs: pairing,
      noToken: absent(wordNumbers, tokens),
      noObject: absent(g.slice(here, 2, 0, 1), OBJECTS),
    };
    const embedded = g.gather(views.word, g.cast(words, "int32"));
    const named = g.reshape(fitting, [batch, tokens, OBJECTS * FITS.length]);
    const marked = g.add(embedded, linear(g, views, "fits", named));
    let x = g.add(marked, g.constant(sinusoids(tokens, width), [tokens, width]));
    let y = linear(g, views, "object", here);
    for (let i = 0; i < size.layers - 1; i++) {
      x = readTokens(g, views, i, size, x, masks);
      y = readObjects(g, views, i, size, x, y, masks);
    }
    x = readTokens(g, views, size.layers - 1, size, x, masks);
    const clause = clausesOf(g, views, x, y, masks);
    y = readObjects(g, views, size.layers - 1, size, x, y, masks, clause);
    x = layerNorm(g, views, "tokens.norm", x);
    y = layerNorm(g, views, "objects.norm", y);
    const own = partOf(g, clause, masks);
    y = g.add(y, linear(g, views, "clause.told", g.matmul(own, x)));
    return { ...heads(g, views, size, { x, y, own, wordNumbers, masks, clause }), clause };
  };
}

/** [N, T, O]: whether a token belongs to the clause that moves an object, as logits. */
function clausesOf(g: Graph, views: Views, x: Tensor, y: Tensor, { noObject }: Masks): Tensor {
  const tokens = layerNorm(g, views, "clause.tokens.norm", x);
  const objects = layerNorm(g, views, "clause.objects.norm", y);
  const said = point(g, views, "clause", tokens, objects);
  return g.clip(g.add(said, g.reshape(noObject, [y.shape[0], 1, OBJECTS])), -12, 12);
}

/** [N, O, T]: tokens of the clause that moves an object, in parts of one. */
function partOf(g: Graph, clause: Tensor, { noToken }: Masks): Tensor {
  const [batch, tokens] = clause.shape;
  const there = g.exp(g.reshape(noToken, [batch, 1, tokens]));
  const own = g.mul(g.transpose(g.sigmoid(clause), [0, 2, 1]), there);
  return g.div(own, g.add(g.sum(own, { axes: [2], keep: true }), 0.1));
}

/** Scaled products of two streams, each mapped, [N, from, to]. */
function point(g: Graph, views: Views, name: string, from: Tensor, to: Tensor): Tensor {
  const query = linear(g, views, `${name}.from`, from);
  const key = g.transpose(linear(g, views, `${name}.to`, to), [0, 2, 1]);
  return g.mul(g.matmul(query, key), 1 / Math.sqrt(query.shape[2]));
}

/** Positions as sines and cosines of rising wavelength, [T, D] (Vaswani et al. 2017). */
function sinusoids(tokens: number, width: number): Float32Array {
  return Float32Array.from({ length: tokens * width }, (_, i) => {
    const [t, d] = [Math.floor(i / width), i % width];
    const angle = t / 200 ** ((2 * Math.floor(d / 2)) / width);
    return 0.5 * (d % 2 === 0 ? Math.sin(angle) : Math.cos(angle));
  });
}

function readTokens(
  g: Graph,
  views: Views,
  i: number,
  { tokens, heads }: ReaderSize,
  x: Tensor,
  { noToken }: Masks,
): Tensor {
  const name = `layer${i}.tokens`;
  const apart = Array.from({ length: tokens * tokens }, (_, k) => {
    const distance = (k % tokens) - Math.floor(k / tokens);
    return NEAR + Math.max(-NEAR, Math.min(NEAR, distance));
  });
  const near = g.reshape(g.gather(views[`layer${i}.near`], apart), [1, tokens, tokens, heads]);
  const bias = g.add(g.transpose(near, [0, 3, 1, 2]), noToken);
  const normed = layerNorm(g, views, `${name}.norm`, x);
  const read = g.add(x, attention(g, views, name, { queries: normed, keys: normed, bias, heads }));
  return think(g, views, `${name}.mlp`, read);
}

function readObjects(
  g: Graph,
  views: Views,
  i: number,
  { heads }: ReaderSize,
  x: Tensor,
  y: Tensor,
  { fits, pairs, noToken, noObject }: Masks,
  clause?: Tensor,
): Tensor {
  const layer = `layer${i}`;
  const named = linear(g, views, `${layer}.names`, fits);
  const favoured = clause
    ? g.add(named, linear(g, views, "clause.reads", g.reshape(clause, [...clause.shape, 1])))
    : named;
  // [N, T, O, heads] to [N, heads, O, T]
  const names = g.transpose(favoured, [0, 3, 2, 1]);
  const asked = layerNorm(g, views, `${layer}.reads.norm`, y);
  const bias = g.add(names, noToken);
  const told = attention(g, views, `${layer}.reads`, { queries: asked, keys: x, bias, heads });
  const after = g.add(y, told);
  const kin = g.transpose(linear(g, views, `${layer}.pairs`, pairs), [0, 3, 1, 2]);
  const normed = layerNorm(g, views, `${layer}.objects.norm`, after);
  const among = { queries: normed, keys: normed, bias: g.add(kin, noObject), heads };
  const shared = g.add(after, attention(g, views, `${layer}.objects`, among));
  return think(g, views, `${layer}.objects.mlp`, shared);
}

function think(g: Graph, views: Views, name: string, x: Tensor): Tensor {
  const hidden = g.relu(linear(g, views, `${name}.in`, layerNorm(g, views, `${name}.norm`, x)));
  return g.add(x, linear(g, views, `${name}.out`, hidden));
}

interface Read {
  readonly x: Tensor;
  readonly y: Tensor;
  /** [N, O, T] of `partOf`. */
  readonly own: Tensor;
  readonly clause: Tensor;
  readonly wordNumbers: Tensor;
  readonly masks: Masks;
}

function heads(
  g: Graph,
  views: Views,
  { tokens }: ReaderSize,
  { x, y, own, clause, wordNumbers, masks }: Read,
): Readonly<Record<ReaderOutput | "leans", Tensor>> {
  const batch = x.shape[0];
  const pointer = (name: string, from: Tensor, to: Tensor) => point(g, views, name, from, to);
  const flat = (column: Tensor) => g.reshape(column, [batch, OBJECTS]);
  const noObject = g.reshape(masks.noObject, [batch, 1, OBJECTS]);
  const itself = Float32Array.from({ length: OBJECTS * OBJECTS }, (_, i) =>
    i % (OBJECTS + 1) === 0 ? MASKED : 0,
  );
  const others = g.add(noObject, g.constant(itself, [1, OBJECTS, OBJECTS]));
  const isLength = g.compare("Equal", wordNumbers, CLASSES.indexOf("<length>"));
  const byClause = g.transpose(clause, [0, 2, 1]);
  const noLength = g.reshape(g.where(isLength, 0, MASKED), [batch, 1, tokens]);
  const lengths = g.add(g.add(pointer("length", y, x), byClause), noLength);
  const refers = g.add(pointer("refers", x, y), noObject);
  // by which object the clause of a token places something
  const leans = g.add(pointer("leans", x, y), noObject);
  const anchors = g.add(pointer("anchor", y, y), g.matmul(own, leans));
  const spoken = g.maxReduce(clause, { axes: [1] });
  return {
    status: statusOf(g, views, g.concat([x, spokenOf(g, refers)], 2), y, masks),
    moved: g.add(
      g.add(flat(linear(g, views, "moved", y)), spoken),
      g.reshape(noObject, [batch, OBJECTS]),
    ),
    anchor: g.add(anchors, others),
    direction: linear(g, views, "direction", y),
    distance: g.concat([linear(g, views, "place", y), lengths], 2),
    turn: flat(linear(g, views, "turn", y)),
    before: pointer("before", y, y),
    refers,
    leans,
  };
}

/** [N, T, 1]: how many objects each token speaks of, which tells the ambiguous from the plain. */
function spokenOf(g: Graph, refers: Tensor): Tensor {
  return g.sum(g.sigmoid(g.clip(refers, -30, 30)), { axes: [2], keep: true });
}

/** What any token and any object has to say against the instruction. */
function statusOf(g: Graph, views: Views, x: Tensor, y: Tensor, masks: Masks): Tensor {
  const batch = x.shape[0];
  const most = (name: string, stream: Tensor, nothing: Tensor) => {
    const there = g.reshape(nothing, [batch, stream.shape[1], 1]);
    const said = g.add(linear(g, views, name, stream), there);
    return g.relu(g.maxReduce(said, { axes: [1] }));
  };
  const tokens = most("status.tokens", x, masks.noToken);
  const objects = most("status.objects", y, masks.noObject);
  return linear(g, views, "status.out", g.concat([tokens, objects], 1));
}
