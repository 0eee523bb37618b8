/** What a command is: its options as a table, its configuration schema, and a function that runs it. */

import type { z } from "zod";

interface Described {
  /** One line for `--help`; a unit is part of the option's name. */
  readonly description: string;
}

export interface TextOption extends Described {
  readonly type: "string";
  readonly default?: string;
  readonly required?: true;
  /** The only values allowed. */
  readonly choices?: readonly string[];
}

export interface NumberOption extends Described {
  readonly type: "number";
  readonly default?: number;
  readonly required?: true;
  readonly integer?: true;
  /** Bounds, inclusive. */
  readonly min?: number;
  readonly max?: number;
}

export interface Switch extends Described {
  readonly type: "boolean";
}

/** Files, each given by the option once more; none unless given. */
export interface FilesOption extends Described {
  readonly type: "files";
}

export type Option = TextOption | NumberOption | Switch | FilesOption;
export type Options = Readonly<Record<string, Option>>;

type Always<O extends Option, V> = O extends { default: unknown } | { required: true }
  ? V
  : V | undefined;

export type ValueOf<O extends Option> = O extends { type: "boolean" }
  ? boolean
  : O extends { type: "files" }
    ? readonly string[]
    : O extends { type: "number" }
      ? Always<O, number>
      : O extends { choices: readonly (infer C)[] }
        ? Always<O, C>
        : Always<O, string>;

/** The parsed options: what `--side_m 0.15` is called in code is `options.side_m`. */
export type ValuesOf<O extends Options> = { readonly [Name in keyof O]: ValueOf<O[Name]> };

/** Where a command writes. Results go to `out`; progress and remarks to `err`. */
export interface Io {
  out(text: string): void;
  err(text: string): void;
}

export interface Context<O extends Options = Options> {
  readonly options: ValuesOf<O>;
  /** Words that are not options, as many as `positionals` names. */
  readonly positionals: readonly string[];
  /** The `--set` assignments, as they were given. */
  readonly sets: readonly string[];
  /** Aborted at the first Ctrl-C: stop at the next whole step, leave whole files, and return. */
  readonly signal: AbortSignal;
  readonly io: Io;
  /** Puts the `--set` assignments on top of `base` and validates the whole; misspelt keys throw. */
  configure<S extends z.ZodType>(schema: S, base?: object): z.output<S>;
  /** Prints `data` as one JSON document where `--json` was given, else the text. */
  report(data: unknown, text: () => string): void;
}

export type Value = string | number | boolean | readonly string[] | undefined;

/** Options as they were given, defaults included. */
export type Given = Readonly<Record<string, Value>>;

/** What may be set, for `--help`. */
export interface Configuration {
  readonly schema: z.ZodType;
  /** What there is instead of the schema's defaults. */
  readonly base?: object;
  /** Whose it is, such as `of "push-pair"`. */
  readonly whose: string;
}

export interface CommandDefinition<O extends Options> {
  /** Complete command lines without `understudy`, each with what it does. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Names of the words that are not options, for example `["name"]`; none unless given. */
  readonly positionals?: readonly string[];
  readonly options: O;
  /** What `--set` may set; without it the command has no `--set`. A function where that goes by other options. */
  readonly config?: z.ZodType | ((given: Given) => Configuration);
  run(context: Context<O>): Promise<void> | void;
}

/** A command whose option types have been forgotten, so that one table can hold them all. */
export type Command = CommandDefinition<Options>;

/** Types `run` by `options`. */
export function defineCommand<const O extends Options>(definition: CommandDefinition<O>): Command {
  // method parameters are bivariant, and `parseOptions` fills in exactly the options declared here
  return definition as unknown as Command;
}

/** For commands that report. */
export const jsonOption = {
  json: { type: "boolean", description: "print one JSON document instead of text" },
} as const satisfies Options;

/** For commands that draw random numbers. */
export const seedOption = {
  seed: {
    type: "number",
    integer: true,
    min: 0,
    max: 0xffff_ffff,
    default: 0,
    description: "decides every random number of the run",
  },
} as const satisfies Options;
