/**
 * Errors a user can act on. Each message says what was expected, what was found and what to do next.
 * A broken invariant of our own is a plain `Error` whose message starts with "internal:".
 */

/** An array has the wrong shape, type or layout. */
export class ShapeError extends Error {
  override readonly name = "ShapeError";
}

/** A configuration value, flag or name is missing, unknown or out of range. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
}

/** A checkpoint, bundle or other file is missing, truncated or of another layout. */
export class FileError extends Error {
  override readonly name = "FileError";
}

/** A device that was asked for is not here. */
export class DeviceError extends Error {
  override readonly name = "DeviceError";
}

/** A peer is silent, speaks another version, or sent something that is not a message. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** The physics left the realm of finite numbers. `statePath`, if any, names a file with the start and the actions that led there. */
export class SimulationDivergedError extends Error {
  override readonly name = "SimulationDivergedError";
  readonly statePath: string;

  constructor(message: string, statePath: string) {
    super(message);
    this.statePath = statePath;
  }
}

/** Losses or gradients left the realm of finite numbers: the weights that came of them are of no use. */
export class TrainingDivergedError extends Error {
  override readonly name = "TrainingDivergedError";
}

/** What the system says where a path is not what it should be; a path that is not there may as well be our own mistake. */
const atFault: Readonly<Record<string, string>> = {
  EACCES: "permission denied",
  EEXIST: "something else lies there already",
  EISDIR: "it is a folder",
  ENAMETOOLONG: "the name is too long",
  ENOSPC: "no space is left there",
  ENOTDIR: "a part of it is no folder",
  EPERM: "not permitted",
  EROFS: "the file system is read-only",
};

/** An error of the file system that is about the path that somebody gave, as one for that person; any other as it is. */
export function asUserError(error: unknown): unknown {
  const { code = "", path } = (error ?? {}) as { readonly code?: string; readonly path?: string };
  if (!(error instanceof Error) || path === undefined || !Object.hasOwn(atFault, code))
    return error;
  return new FileError(`Cannot use "${path}": ${atFault[code]}.`);
}

/** True for errors whose message is meant for the person at the keyboard: no stack trace is needed. */
export function isUserError(error: unknown): error is Error {
  return (
    error instanceof ShapeError ||
    error instanceof ConfigError ||
    error instanceof FileError ||
    error instanceof DeviceError ||
    error instanceof WireError ||
    error instanceof SimulationDivergedError ||
    error instanceof TrainingDivergedError
  );
}
