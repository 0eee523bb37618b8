/** Characters to tokens; and the error that points at one of them. */

import { ConfigError } from "../../core/errors.ts";

export interface Token {
  readonly kind: "number" | "name" | "quoted" | "sign" | "end";
  readonly text: string;
  /** Index of its first character. */
  readonly at: number;
}

/** A text that is not an expression. The message shows the text and points at the character. */
export class ExpressionError extends ConfigError {
  /** Index of the character. */
  readonly at: number;

  constructor(reason: string, text: string, at: number) {
    super(`${reason}\n  ${printable(text)}\n  ${" ".repeat(at)}^ character ${at + 1}`);
    this.at = at;
  }
}

/** Names may hold hyphens, as stages and objects do; a minus therefore needs a space before a name. */
const patterns: readonly (readonly [Token["kind"], RegExp])[] = [
  ["number", /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y],
  ["name", /[A-Za-z_][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*/y],
  ["quoted", /"[^"\n]{1,64}"/y],
  ["sign", /<=|>=|[-+*/<>(),]/y],
];

export function tokenize(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (/\s/.test(text[at])) {
      at++;
      continue;
    }
    const token = tokenAt(text, at);
    tokens.push(token);
    at += token.text.length;
  }
  tokens.push({ kind: "end", text: "", at: text.length });
  return tokens;
}

function tokenAt(text: string, at: number): Token {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found) return { kind, text: found, at };
  }
  throw new ExpressionError(
    `${adviceAgainst(text, at)} Operators: + - * / < <= > >= and or not.`,
    text,
    at,
  );
}

function adviceAgainst(text: string, at: number): string {
  const character = text[at];
  if (character === "=" || character === "!") {
    return "Measured numbers are never equal: compare with < or >.";
  }
  if (character === "&" || character === "|") return 'Write "and" and "or".';
  if (character === '"') return "This name does not end: a quote is missing, or it is too long.";
  return `"${printable(character)}" has no meaning here.`;
}

/** The text on one line, without control characters, which must not reach a terminal. */
export function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, " ");
}
