/** As much of JSON Schema as Foxglove's schemas use: types, properties, items, enumerations, bounds. */

import { expect } from "vitest";

interface Schema {
  readonly type?: string | readonly string[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly oneOf?: readonly { readonly const: unknown }[];
  readonly contentEncoding?: string;
  readonly minimum?: number;
  readonly maximum?: number;
}

/** Fails the test unless `value` fits `schema` and has all of its properties and no others. */
export function fitsSchema(value: unknown, schema: Schema, where: string): void {
  const types = [schema.type ?? []].flat();
  if (types.length > 0) expect(types, where).toContain(typeOf(value, types));
  if (schema.oneOf)
    expect(
      schema.oneOf.map((choice) => choice.const),
      where,
    ).toContain(value);
  if (schema.contentEncoding === "base64") expect(value, where).toMatch(/^[A-Za-z0-9+/]*={0,2}$/);
  if (typeof value === "number") {
    expect(value, where).toBeGreaterThanOrEqual(schema.minimum ?? Number.NEGATIVE_INFINITY);
    expect(value, where).toBeLessThanOrEqual(schema.maximum ?? Number.POSITIVE_INFINITY);
  }
  if (Array.isArray(value)) {
    for (const [i, item] of value.entries()) fitsSchema(item, schema.items ?? {}, `${where}[${i}]`);
  } else if (typeof value === "object" && value !== null) {
    const { properties = {}, additionalProperties = {} } = schema;
    expect(Object.keys(value), where).toEqual(expect.arrayContaining(Object.keys(properties)));
    for (const [name, member] of Object.entries(value)) {
      if (!schema.additionalProperties) expect(properties, where).toHaveProperty(name);
      fitsSchema(member, properties[name] ?? additionalProperties, `${where}.${name}`);
    }
  }
}

function typeOf(value: unknown, allowed: readonly string[]): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "array";
  if (Number.isInteger(value) && allowed.includes("integer")) return "integer";
  return typeof value;
}
