/** `path.to.option=value`, as `--set` takes it: what may be set, and putting assignments on top of a configuration. */

import { z } from "zod";
import { assignedValue, numberIn } from "./assignments.ts";
import { parseConfig } from "./config.ts";
import { ConfigError } from "./errors.ts";
import { didYouMean } from "./nearest.ts";

/** One thing that may be set. */
export interface Setting {
  /** Keys joined by dots. */
  readonly path: string;
  /** For people: `number`, `one of a, b`, `list of whole numbers`. */
  readonly type: string;
  /** All that it may be, where that can be listed. */
  readonly choices: readonly string[] | undefined;
  /** As JSON; undefined where the option has none. */
  readonly default: string | undefined;
  readonly description: string;
}

/** The part of JSON Schema that is read here. */
interface SchemaNode {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: unknown;
  readonly items?: SchemaNode | boolean;
  readonly prefixItems?: readonly SchemaNode[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly default?: unknown;
  readonly description?: string;
}

/** All settings of a schema, in the order written, with what `base` has for the schema's defaults. */
export function settingsOf(schema: z.ZodType, base?: object): Setting[] {
  const found: Setting[] = [];
  collect(nodeOf(schema), [], base, found);
  return found;
}

/**
 * Puts assignments such as `ppo.gamma=0.98` on top of a copy of `base`, then validates it all.
 *
 * @param source where they come from, for messages
 */
export function applySettings<S extends z.ZodType>(
  schema: S,
  assignments: readonly string[],
  base: object = {},
  source = "--set",
): z.output<S> {
  const root = nodeOf(schema);
  const config: Record<string, unknown> = structuredClone({ ...base });
  for (const assignment of assignments) {
    const equals = assignment.indexOf("=");
    if (equals < 1) {
      throw new ConfigError(`"${source}" needs path.to.option=value, got "${assignment}".`);
    }
    const keys = assignment.slice(0, equals).split(".");
    const node = checkPath(root, keys, source);
    assign(config, keys, valueFor(node, assignment.slice(equals + 1)));
  }
  return parseConfig(schema, config, assignments.length > 0 ? source : "the configuration");
}

/** The path of a setting that is another once it is parsed, and may be a third one when it is parsed again; undefined where none is. */
export function changedByParsing(schema: z.ZodType): string | undefined {
  let found: string | undefined;
  z.toJSONSchema(schema, {
    unrepresentable: "any",
    override({ zodSchema, path }) {
      if (zodSchema._zod.def.type !== "pipe") return;
      // "properties", "reward", "properties", "align", "items"
      found = path.filter((_, i) => path[i - 1] === "properties").join(".");
    },
  });
  return found;
}

function nodeOf(schema: z.ZodType): SchemaNode {
  return z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as SchemaNode;
}

function collect(node: SchemaNode, keys: string[], inherited: unknown, into: Setting[]): void {
  const fallback = inherited === undefined ? node.default : inherited;
  if (node.properties) {
    for (const [key, child] of Object.entries(node.properties)) {
      collect(child, [...keys, key], own(fallback, key), into);
    }
    return;
  }
  into.push({
    path: keys.join("."),
    type: typeOf(node),
    choices: node.type === "boolean" ? ["true", "false"] : node.enum?.map(String),
    default: fallback === undefined ? undefined : JSON.stringify(fallback),
    description: node.description ?? "",
  });
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return JSON.stringify(node.const);
  if (node.enum) return `one of ${node.enum.join(", ")}`;
  const choices = node.anyOf ?? node.oneOf;
  if (choices) return choices.map(typeOf).join(" or ");
  if (Array.isArray(node.type)) return node.type.join(" or ");
  if (node.prefixItems) return `[${node.prefixItems.map(typeOf).join(", ")}]`;
  if (node.type === "array") {
    return typeof node.items === "object" ? `list, each ${typeOf(node.items)}` : "list";
  }
  if (node.properties) return `{ ${Object.keys(node.properties).join(", ")} }`;
  if (node.type === "string") return "text";
  if (node.type === "boolean") return "true or false";
  if (node.type === "number" || node.type === "integer") return numberType(node);
  return node.type === undefined ? "value" : String(node.type);
}

/** `number from 0 to 1`, `whole number, at least 1`. */
function numberType(node: SchemaNode): string {
  const kind = node.type === "integer" ? "whole number" : "number";
  // zod bounds every integer by what a double can hold
  const real = (bound?: number) =>
    bound !== undefined && Math.abs(bound) < Number.MAX_SAFE_INTEGER ? bound : undefined;
  const [low, high] = [real(node.minimum), real(node.maximum)];
  const [above, below] = [real(node.exclusiveMinimum), real(node.exclusiveMaximum)];
  if (low !== undefined && high !== undefined) return `${kind} from ${low} to ${high}`;
  const bounds = [
    low === undefined ? "" : `at least ${low}`,
    above === undefined ? "" : `above ${above}`,
    high === undefined ? "" : `at most ${high}`,
    below === undefined ? "" : `below ${below}`,
  ].filter((bound) => bound !== "");
  return bounds.length === 0 ? kind : `${kind}, ${bounds.join(" and ")}`;
}

/** A number as options take it, where one is wanted; else what the text says. */
function valueFor(node: SchemaNode | undefined, text: string): unknown {
  if (node?.type !== "number" && node?.type !== "integer") return assignedValue(text);
  const number = numberIn(text);
  return Number.isFinite(number) ? number : assignedValue(text);
}

/** What the schema has at `keys`; undefined where only the schema itself can tell. Throws where it has nothing. */
function checkPath(
  root: SchemaNode,
  keys: readonly string[],
  source: string,
): SchemaNode | undefined {
  let node = root;
  for (const [depth, key] of keys.entries()) {
    // unions and free-form records are left to the schema itself
    if (!node.properties) {
      if (isOpen(node)) return undefined;
      const parent = keys.slice(0, depth).join(".");
      throw new ConfigError(
        `"${parent}" in "${source} ${keys.join(".")}=…" has no parts: it is a ${typeOf(node)}.`,
      );
    }
    if (!Object.hasOwn(node.properties, key)) {
      throw unknownSetting(keys, depth, Object.keys(node.properties), root, source);
    }
    node = node.properties[key];
  }
  return node;
}

function isOpen(node: SchemaNode): boolean {
  if (node.anyOf ?? node.oneOf) return true;
  return typeof node.additionalProperties === "object" || node.type === undefined;
}

function unknownSetting(
  keys: readonly string[],
  depth: number,
  siblings: readonly string[],
  root: SchemaNode,
  source: string,
): ConfigError {
  const parents = keys.slice(0, depth);
  const full = (key: string) => [...parents, key].join(".");
  const everywhere: Setting[] = [];
  collect(root, [], undefined, everywhere);
  const last = keys[keys.length - 1];
  const elsewhere = everywhere
    .map(({ path }) => path)
    .filter((path) => path.split(".").at(-1) === last);
  const guess =
    elsewhere.length > 0
      ? ` Did you mean "${elsewhere.join('" or "')}"?`
      : didYouMean(full(keys[depth]), siblings.map(full));
  const where = depth === 0 ? "The configuration has" : `"${parents.join(".")}" has`;
  return new ConfigError(
    `Unknown option "${keys.join(".")}" in ${source}.${guess} ${where}: ${siblings.join(", ")}.`,
  );
}

function assign(config: Record<string, unknown>, keys: readonly string[], value: unknown): void {
  let at = config;
  for (const key of keys.slice(0, -1)) {
    const inner = own(at, key);
    const next = typeof inner === "object" && inner !== null ? inner : {};
    at[key] = next;
    at = next as Record<string, unknown>;
  }
  at[keys[keys.length - 1]] = value;
}
