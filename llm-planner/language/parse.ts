/**
 * Text to a tree. No names are looked up here except units and functions.
 *
 *     condition = "not" condition | sum ("<" | "<=" | ">" | ">=") sum | condition ("and" | "or") condition
 *     sum       = product (("+" | "-") product)*      product = unary (("*" | "/") unary)*
 *     unary     = "-" unary | number [unit] | name "(" [argument ("," argument)*] ")" | "(" condition ")"
 */

import { ExpressionError, type Token, tokenize } from "./tokens.ts";
import { none, times, type Unit, writtenUnits } from "./units.ts";

/** Bounds on what is parsed: a text that is larger is refused before it is looked at closely. */
export const limits = { characters: 400, nodes: 80, depth: 16 } as const;

export type Comparison = "<" | "<=" | ">" | ">=";
export type Operator = "+" | "-" | "*" | "/" | Comparison | "and" | "or";

export type Node =
  | { readonly kind: "number"; readonly value: number; readonly unit: Unit; readonly at: number }
  | { readonly kind: "truth"; readonly value: boolean; readonly at: number }
  | { readonly kind: "thing"; readonly name: string; readonly quoted: boolean; readonly at: number }
  | {
      readonly kind: "call";
      readonly name: string;
      readonly args: readonly Node[];
      readonly at: number;
    }
  | {
      readonly kind: "binary";
      readonly operator: Operator;
      readonly left: Node;
      readonly right: Node;
      readonly at: number;
    }
  | {
      readonly kind: "unary";
      readonly operator: "-" | "not";
      readonly of: Node;
      readonly at: number;
    };

export function parse(text: string): Node {
  if (text.length > limits.characters) {
    throw new ExpressionError(
      `This expression has ${text.length} characters; at most ${limits.characters} are allowed. Write a shorter one.`,
      `${text.slice(0, 60)} ...`,
      0,
    );
  }
  return new Parser(text).whole();
}

class Parser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #nodes = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  whole(): Node {
    const node = this.#either();
    const rest = this.#peek();
    if (rest.kind !== "end") {
      throw this.#error(`Expected an operator or the end, found "${rest.text}".`, rest.at);
    }
    return node;
  }

  #either(): Node {
    return this.#chain(["or"], () => this.#chain(["and"], () => this.#negation()));
  }

  #negation(): Node {
    const { at } = this.#peek();
    if (!this.#accept("not")) return this.#comparison();
    return this.#nest(at, () =>
      this.#node({ kind: "unary", operator: "not", of: this.#negation(), at }),
    );
  }

  #comparison(): Node {
    const left = this.#sum();
    const { text, at } = this.#peek();
    if (!["<", "<=", ">", ">="].includes(text)) return left;
    this.#next++;
    const right = this.#sum();
    const after = this.#peek();
    if (["<", "<=", ">", ">="].includes(after.text)) {
      throw this.#error('Comparisons do not chain: write "a < b and b < c".', after.at);
    }
    return this.#node({ kind: "binary", operator: text as Operator, left, right, at });
  }

  #sum(): Node {
    return this.#chain(["+", "-"], () => this.#chain(["*", "/"], () => this.#unary()));
  }

  /** Operands joined from the left by any of `operators`. */
  #chain(operators: readonly string[], operand: () => Node): Node {
    let left = operand();
    for (;;) {
      const { kind, text, at } = this.#peek();
      if (kind === "quoted" || !operators.includes(text)) return left;
      this.#next++;
      const right = operand();
      left = this.#node({ kind: "binary", operator: text as Operator, left, right, at });
    }
  }

  #unary(): Node {
    const { at } = this.#peek();
    if (!this.#accept("-")) return this.#primary();
    return this.#nest(at, () =>
      this.#node({ kind: "unary", operator: "-", of: this.#unary(), at }),
    );
  }

  #primary(): Node {
    const token = this.#peek();
    this.#next++;
    if (token.kind === "number") return this.#number(token);
    if (token.text === "(") {
      return this.#nest(token.at, () => {
        const inner = this.#either();
        this.#expect(")");
        return inner;
      });
    }
    if (token.kind === "quoted") {
      const name = token.text.slice(1, -1);
      return this.#node({ kind: "thing", name, quoted: true, at: token.at });
    }
    if (token.kind === "name") return this.#name(token);
    const found = token.kind === "end" ? "the end" : `"${token.text}"`;
    throw this.#error(`Expected a number, a quantity or "(", found ${found}.`, token.at);
  }

  #name({ text, at }: Token): Node {
    if (text === "true" || text === "false") {
      return this.#node({ kind: "truth", value: text === "true", at });
    }
    if (!this.#accept("(")) return this.#node({ kind: "thing", name: text, quoted: false, at });
    return this.#nest(at, () => {
      const args: Node[] = [];
      if (!this.#accept(")")) {
        do args.push(this.#either());
        while (this.#accept(","));
        this.#expect(")");
      }
      return this.#node({ kind: "call", name: text, args, at });
    });
  }

  /** A number takes the unit that follows it: `5 cm`, `0.2 m/s`, `30 deg/s`. */
  #number({ text, at }: Token): Node {
    const value = Number(text);
    const next = this.#peek();
    const reserved = ["and", "or", "not"].includes(next.text);
    if (next.kind !== "name" || reserved) {
      return this.#node({ kind: "number", value, unit: none, at });
    }
    this.#next++;
    const over = this.#unit(next);
    let unit = over.unit;
    const [slash, per] = [this.#peek(), this.#tokens[this.#next + 1]];
    if (slash.text === "/" && per?.kind === "name" && per.text === "s") {
      this.#next += 2;
      unit = times(unit, this.#unit(per).unit, -1);
    }
    return this.#node({ kind: "number", value: value * over.scale, unit, at });
  }

  #unit({ text, at }: Token): { readonly unit: Unit; readonly scale: number } {
    if (Object.hasOwn(writtenUnits, text)) return writtenUnits[text];
    const known = Object.keys(writtenUnits).join(", ");
    throw this.#error(`Unknown unit "${text}". Units: ${known}, m/s, deg/s, rad/s.`, at);
  }

  #peek(): Token {
    return this.#tokens[Math.min(this.#next, this.#tokens.length - 1)];
  }

  #accept(text: string): boolean {
    const token = this.#peek();
    if (token.kind === "quoted" || token.text !== text) return false;
    this.#next++;
    return true;
  }

  #expect(text: string): void {
    const token = this.#peek();
    if (this.#accept(text)) return;
    const found = token.kind === "end" ? "the end" : `"${token.text}"`;
    throw this.#error(`Expected "${text}", found ${found}.`, token.at);
  }

  #node<N extends Node>(node: N): N {
    if (++this.#nodes > limits.nodes) {
      throw this.#error(
        `This expression has more than ${limits.nodes} parts. Write a simpler one.`,
        node.at,
      );
    }
    return node;
  }

  #nest(at: number, inner: () => Node): Node {
    if (++this.#depth > limits.depth) {
      throw this.#error(`This expression is nested deeper than ${limits.depth}.`, at);
    }
    const node = inner();
    this.#depth--;
    return node;
  }

  #error(reason: string, at: number): ExpressionError {
    return new ExpressionError(reason, this.#text, at);
  }
}
