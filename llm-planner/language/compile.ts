/**
 * A tree to a closure: names are looked up, units checked and cost counted once, so that the closure
 * only computes. Conditions are 1, 0, or NaN where something they need is not known (Kleene's logic:
 * "false and unknown" is false).
 */

import { type Node, type Operator, parse } from "./parse.ts";
import {
  describeQuantity,
  type Evaluate,
  quantities,
  type Surroundings,
  type Takes,
} from "./quantities.ts";
import type { Situation } from "./situation.ts";
import { ExpressionError } from "./tokens.ts";
import { metre, none, radian, sameUnit, times, type Unit, unitName } from "./units.ts";

/** An expression may cost about this many multiplications at most. */
export const MAX_COST = 600;

/** What an expression may name. */
export interface Scope extends Surroundings {
  /** Row of a role or an object; undefined where there is none of that name. Quoted, a name is never a role's. */
  readonly rowNamed: (name: string, quoted: boolean) => number | undefined;
  /** Names there are, for messages. */
  readonly names: readonly string[];
}

/** What an expression looks at, so that only that is measured. */
export interface Uses {
  /** Rows. */
  readonly visible: ReadonlySet<number>;
  /** Pairs of rows. */
  readonly contacts: readonly (readonly [number, number])[];
}

/** A condition or a number that a situation decides. */
export interface Expression {
  /** As it was written. */
  readonly text: string;
  /** Of the number, which is in SI; or that it is a condition. */
  readonly unit: Unit | "condition";
  /** Its value in a situation: a number in SI, 1 or 0 for a condition, NaN where it is not known. */
  readonly evaluate: Evaluate;
  /** Whether a length that is known speaks for a condition, and nothing that is known against it. False of a number. */
  readonly agrees: (situation: Readonly<Situation>) => boolean;
  /** About how many multiplications it takes. */
  readonly cost: number;
  readonly uses: Uses;
}

type Kind = Unit | "condition";

interface Part {
  readonly kind: Kind;
  readonly evaluate: Evaluate;
  /** Undefined where it compares no lengths. */
  readonly evidence?: Evidence;
}

/** Whether known lengths speak for a condition (1) or against it (0). */
type Evidence = (situation: Readonly<Situation>, holds: 0 | 1) => boolean;

/**
 * Compiles a condition, which is 1, 0, or NaN where what it needs is not known.
 * @throws ExpressionError for a number, and for a mistake, at which the message points
 */
export function compileCondition(text: string, scope: Scope): Expression {
  const found = compile(text, scope);
  if (found.unit === "condition") return found;
  throw new ExpressionError(
    `Expected a condition such as "... < 5 cm", found ${unitOrCondition(found.unit)}.`,
    text,
    0,
  );
}

/**
 * Compiles a number, in SI, NaN where what it needs is not known.
 * @throws ExpressionError for a condition, and for a mistake, at which the message points
 */
export function compileNumber(text: string, scope: Scope): Expression {
  const found = compile(text, scope);
  if (found.unit !== "condition") return found;
  throw new ExpressionError(
    'Expected a number, found a condition. "if(condition, 1, 0)" makes one of it.',
    text,
    0,
  );
}

function compile(text: string, scope: Scope): Expression {
  const compiler = new Compiler(text, scope);
  const { kind, evaluate, evidence } = compiler.part(parse(text));
  const agrees = (s: Readonly<Situation>) => evidence?.(s, 1) ?? false;
  return { text, unit: kind, evaluate, agrees, cost: compiler.cost, uses: compiler };
}

class Compiler {
  readonly #text: string;
  readonly #scope: Scope;
  readonly visible = new Set<number>();
  readonly contacts: (readonly [number, number])[] = [];
  cost = 0;

  constructor(text: string, scope: Scope) {
    this.#text = text;
    this.#scope = scope;
  }

  part(node: Node): Part {
    switch (node.kind) {
      case "number": {
        const { value, unit } = node;
        return { kind: unit, evaluate: () => value };
      }
      case "truth": {
        const value = node.value ? 1 : 0;
        return { kind: "condition", evaluate: () => value };
      }
      case "thing":
        throw this.#error(
          `"${node.name}" is not a number by itself. Ask something of it, such as speed(${node.name}). ${this.#whatExists()}`,
          node.at,
        );
      case "unary":
        return this.#unary(node);
      case "binary":
        return this.#binary(node);
      case "call":
        return this.#call(node);
    }
  }

  #unary({ operator, of, at }: Node & { kind: "unary" }): Part {
    this.#spend(1, at);
    if (operator === "not") {
      const { kind, evaluate, evidence } = this.#condition(of);
      const opposite: Evidence = (s, holds) => evidence?.(s, holds ? 0 : 1) ?? false;
      return { kind, evaluate: (s) => 1 - evaluate(s), evidence: opposite };
    }
    const { kind, evaluate } = this.#number(of);
    return { kind, evaluate: (s) => -evaluate(s) };
  }

  #binary(node: Node & { kind: "binary" }): Part {
    const { operator, left, right, at } = node;
    this.#spend(1, at);
    if (operator === "and" || operator === "or") {
      const [a, b] = [this.#condition(left), this.#condition(right)];
      const join = operator === "and" ? both : either;
      const evaluate = join(a.evaluate, b.evaluate);
      return { kind: "condition", evaluate, evidence: together(operator, a, b) };
    }
    const [a, b] = [this.#number(left), this.#number(right)];
    if (operator === "*" || operator === "/") {
      return {
        kind: times(a.kind, b.kind, operator === "*" ? 1 : -1),
        evaluate: arithmetic(operator, a.evaluate, b.evaluate),
      };
    }
    this.#sameUnits(a.kind, b.kind, `"${operator}"`, at);
    const evaluate = arithmetic(operator, a.evaluate, b.evaluate);
    if (operator === "+" || operator === "-") return { kind: a.kind, evaluate };
    const evidence: Evidence = (s, holds) => evaluate(s) === holds;
    return { kind: "condition", evaluate, ...(sameUnit(a.kind, metre) && { evidence }) };
  }

  #call(node: Node & { kind: "call" }): Part {
    const { name, args, at } = node;
    const quantity = quantities.find((each) => each.name === name);
    if (!quantity) return this.#function(node);
    const usage = describeQuantity(quantity);
    if (args.length !== quantity.takes.length) {
      throw this.#error(
        `${usage.replace("?", "")} takes ${quantity.takes.length} things, found ${args.length}.`,
        at,
      );
    }
    this.#spend(quantity.cost, at);
    const rows = args.map((arg, i) => this.#row(arg, quantity.takes[i], usage));
    if (rows.length === 2 && rows[0] === rows[1]) {
      throw this.#error("Both things are the same one. Name two different things.", args[1].at);
    }
    if (name === "visible") this.visible.add(rows[0]);
    if (name === "contact") this.contacts.push([rows[0], rows[1]]);
    return { kind: quantity.unit, evaluate: quantity.compile(rows, this.#scope) };
  }

  #row(node: Node, takes: Takes, usage: string): number {
    const { rows, names } = this.#scope;
    if (node.kind !== "thing") {
      throw this.#error(`${usage} takes names of things: ${names.join(", ")}.`, node.at);
    }
    const isWalls = node.name === "walls" && !node.quoted;
    const row = isWalls ? rows.walls : this.#scope.rowNamed(node.name, node.quoted);
    if (row === undefined) {
      throw this.#error(`There is no "${node.name}". Things: ${names.join(", ")}.`, node.at);
    }
    const isBody = row < rows.world;
    if ((isWalls && takes !== "body or walls") || (!isBody && !isWalls && takes !== "thing")) {
      throw this.#error(`${usage} cannot be asked of "${node.name}": it needs a body.`, node.at);
    }
    if (takes === "object" && row === 0) {
      throw this.#error(
        `${usage} cannot be asked of the robot, which carries the camera.`,
        node.at,
      );
    }
    return row;
  }

  /** Functions of numbers. */
  #function({ name, args, at }: Node & { kind: "call" }): Part {
    const takes = functions[name];
    if (takes === undefined || !Object.hasOwn(functions, name)) {
      throw this.#error(`Unknown quantity "${name}". ${this.#whatExists()}`, at);
    }
    if (args.length !== takes) {
      throw this.#error(`${name} takes ${takes} arguments, found ${args.length}.`, at);
    }
    this.#spend(4, at);
    if (name === "if") return this.#choice(args, at);
    const parts = args.map((arg) => this.#number(arg));
    const [a, b, c] = parts;
    if (name === "sin" || name === "cos") {
      this.#sameUnits(a.kind, radian, name, at);
      const of = a.evaluate;
      return {
        kind: none,
        evaluate: name === "sin" ? (s) => Math.sin(of(s)) : (s) => Math.cos(of(s)),
      };
    }
    if (name === "exp") {
      this.#sameUnits(a.kind, none, name, at);
      const of = a.evaluate;
      return { kind: none, evaluate: (s) => Math.exp(of(s)) };
    }
    for (const part of parts.slice(1)) this.#sameUnits(a.kind, part.kind, name, at);
    return { kind: a.kind, evaluate: bounded(name, a.evaluate, b?.evaluate, c?.evaluate) };
  }

  #choice(args: readonly Node[], at: number): Part {
    const { evaluate: condition } = this.#condition(args[0]);
    const [a, b] = [this.#number(args[1]), this.#number(args[2])];
    this.#sameUnits(a.kind, b.kind, "if", at);
    const evaluate: Evaluate = (s) => {
      const holds = condition(s);
      if (Number.isNaN(holds)) return holds;
      return holds === 1 ? a.evaluate(s) : b.evaluate(s);
    };
    return { kind: a.kind, evaluate };
  }

  #number(node: Node): { readonly kind: Unit; readonly evaluate: Evaluate } {
    const { kind, evaluate } = this.part(node);
    if (kind !== "condition") return { kind, evaluate };
    throw this.#error("Expected a number, found a condition.", node.at);
  }

  #condition(node: Node): Part {
    const part = this.part(node);
    if (part.kind === "condition") return part;
    throw this.#error(`Expected a condition, found ${unitOrCondition(part.kind)}.`, node.at);
  }

  #sameUnits(a: Unit, b: Unit, what: string, at: number): void {
    if (sameUnit(a, b)) return;
    throw this.#error(
      `${what} needs one unit on both sides, found ${unitName(a)} and ${unitName(b)}. Write units after numbers, such as 5 cm or 15 deg.`,
      at,
    );
  }

  #spend(cost: number, at: number): void {
    this.cost += cost;
    if (this.cost <= MAX_COST) return;
    throw this.#error("This expression asks for too much in one step. Write a cheaper one.", at);
  }

  #whatExists(): string {
    const names = quantities.map(describeQuantity).join(", ");
    const others = Object.keys(functions).join(", ");
    return `Quantities: ${names}. Functions: ${others}. Things: ${this.#scope.names.join(", ")}.`;
  }

  #error(reason: string, at: number): ExpressionError {
    return new ExpressionError(reason, this.#text, at);
  }
}

/** Functions of numbers, and how many each takes. */
export const functions: Readonly<Record<string, number>> = {
  min: 2,
  max: 2,
  abs: 1,
  clamp: 3,
  if: 3,
  sin: 1,
  cos: 1,
  exp: 1,
};

function unitOrCondition(kind: Kind): string {
  return kind === "condition" ? "a condition" : `a number (${unitName(kind)})`;
}

function both(a: Evaluate, b: Evaluate): Evaluate {
  return (s) => {
    const left = a(s);
    if (left === 0) return 0;
    const right = b(s);
    return right === 0 ? 0 : left * right;
  };
}

function either(a: Evaluate, b: Evaluate): Evaluate {
  return (s) => {
    const left = a(s);
    if (left === 1) return 1;
    const right = b(s);
    return right === 1 ? 1 : left + right;
  };
}

/** One of the two speaks, and where both are needed none against it. */
function together(operator: "and" | "or", a: Part, b: Part): Evidence {
  return (s, holds) => {
    const against = holds ? 0 : 1;
    const needsBoth = (operator === "and") === (holds === 1);
    if (needsBoth && (a.evaluate(s) === against || b.evaluate(s) === against)) return false;
    return (a.evidence?.(s, holds) ?? false) || (b.evidence?.(s, holds) ?? false);
  };
}

/** Comparisons with NaN are NaN, not false. */
function arithmetic(operator: Operator, a: Evaluate, b: Evaluate): Evaluate {
  switch (operator) {
    case "+":
      return (s) => a(s) + b(s);
    case "-":
      return (s) => a(s) - b(s);
    case "*":
      return (s) => a(s) * b(s);
    case "/":
      return (s) => a(s) / b(s);
    case ">":
      return arithmetic("<", b, a);
    case ">=":
      return arithmetic("<=", b, a);
    case "<":
      return (s) => {
        const left = a(s);
        const right = b(s);
        if (left < right) return 1;
        return left >= right ? 0 : Number.NaN;
      };
    case "<=":
      return (s) => {
        const left = a(s);
        const right = b(s);
        if (left <= right) return 1;
        return left > right ? 0 : Number.NaN;
      };
    default:
      throw new Error(`internal: "${operator}" is not arithmetic`);
  }
}

function bounded(name: string, a: Evaluate, b?: Evaluate, c?: Evaluate): Evaluate {
  if (name === "abs" || !b) return (s) => Math.abs(a(s));
  if (name === "min") return (s) => Math.min(a(s), b(s));
  if (name === "max" || !c) return (s) => Math.max(a(s), b(s));
  return (s) => Math.min(Math.max(a(s), b(s)), c(s));
}
