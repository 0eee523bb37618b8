/** Replays and policies on this machine, found anew at every request, and the files behind them. */

import { closeSync, existsSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import path from "node:path";
import { entriesOf, statsOf } from "../core/files.ts";
import { type LibraryList, type PolicyItem, type ReplayItem, trainedIn } from "./library-list.ts";

export interface LibraryFolders {
  /** Holds policies/zoo. */
  readonly root: string;
  /** Holds runs/, where the commands write. */
  readonly working: string;
  /** A folder of replays beside those that are found. */
  readonly replays?: string;
}

/** As many replays as a list can show; the newest are kept. */
const MOST_REPLAYS = 500;
const MOST_POLICIES = 20;

export class Library {
  readonly #folders: LibraryFolders;

  constructor(folders: LibraryFolders) {
    this.#folders = folders;
  }

  list(): LibraryList {
    const { root, working, replays } = this.#folders;
    const zoo = path.join(root, "policies", "zoo");
    const runs = path.join(working, "runs");
    const recordings = [
      ...filesOf(runs, "runs").filter(({ file }) => file.endsWith(".mcap")),
      ...(replays ? filesOf(replays, "given") : []),
      ...foldersOf(runs).flatMap((run) => filesOf(path.join(runs, run, "replays"), `runs/${run}`)),
      ...foldersOf(zoo).flatMap((name) => filesOf(path.join(zoo, name, "replays"), `zoo/${name}`)),
    ];
    const bundles = [
      ...foldersOf(zoo).map((name) => bundleOf(path.join(zoo, name), `zoo/${name}`)),
      ...foldersOf(runs).map((run) => bundleOf(path.join(runs, run, "bundle"), `runs/${run}`)),
    ];
    return {
      replays: recordings.sort(newestFirst).slice(0, MOST_REPLAYS).map(replayItem),
      policies: bundles
        .filter((bundle) => bundle !== undefined)
        .sort(zooThenNewest)
        .slice(0, MOST_POLICIES)
        .map(({ item }) => item),
    };
  }

  /** The file behind an address of the list, such as `replays/runs/x/start-3.json`. */
  fileOf(address: string): string | undefined {
    const { root, working, replays } = this.#folders;
    const [kind, from, ...rest] = address.split("/").map(decodeURIComponent);
    if (rest.some((part) => part === "" || part.startsWith(".") || /[\\/]/.test(part))) {
      return undefined;
    }
    const home = from === "zoo" ? path.join(root, "policies", "zoo") : path.join(working, "runs");
    const [name, file] = rest;
    let found: string | undefined;
    if (name === undefined) {
      // a recording right in runs/
      const right = kind === "replays" && /^[^.\\/][^\\/]*\.mcap$/.test(from ?? "");
      found = right ? path.join(working, "runs", from) : undefined;
    } else if (kind === "replays" && from === "given" && replays) found = path.join(replays, name);
    else if (kind === "replays" && file) found = path.join(home, name, "replays", file);
    else if (kind === "policies" && file) {
      found = from === "zoo" ? path.join(home, name, file) : path.join(home, name, "bundle", file);
    }
    return found && /\.(json|onnx|mcap)$/.test(found) && statsOf(found) ? found : undefined;
  }
}

interface FoundFile {
  readonly file: string;
  readonly from: string;
  readonly modified_ms: number;
}

function foldersOf(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith("."))
    .map((entry) => entry.name);
}

function filesOf(folder: string, from: string): FoundFile[] {
  return entriesOf(folder)
    .filter(({ name }) => /\.(json|mcap)$/.test(name) && !name.startsWith("."))
    .flatMap(({ name }) => {
      const file = path.join(folder, name);
      const stats = statsOf(file);
      return stats ? [{ file, from, modified_ms: stats.mtimeMs }] : [];
    });
}

function newestFirst(a: FoundFile, b: FoundFile): number {
  return b.modified_ms - a.modified_ms || a.file.localeCompare(b.file, "en", { numeric: true });
}

/** The zoo by name, then what was trained here, the newest first. */
function zooThenNewest(
  a: { item: PolicyItem; modified_ms: number },
  b: { item: PolicyItem; modified_ms: number },
): number {
  const [first, second] = [a, b].map(({ item }) => item.name.startsWith("zoo/"));
  if (first && second) return a.item.name < b.item.name ? -1 : 1;
  return Number(second) - Number(first) || b.modified_ms - a.modified_ms;
}

function address(...parts: string[]): string {
  return ["library", ...parts.flatMap((part) => part.split("/"))].map(encodeURIComponent).join("/");
}

function replayItem({ file, from }: FoundFile): ReplayItem {
  const isMcap = file.endsWith(".mcap");
  const name = isMcap ? path.basename(file) : path.basename(file, ".json");
  const place = from === "runs" ? [] : [from];
  const url = address("replays", ...place, path.basename(file));
  // which episodes a recording holds is known once it is read
  return { name, from, url, ...(isMcap ? {} : headOf(file)) };
}

/** The facts that stand before a replay's long arrays, without reading those. */
function headOf(file: string): Omit<ReplayItem, "name" | "from" | "url"> {
  try {
    const text = beginningOf(file);
    const [head] = text.split(/,\s*"(?:poses|actions)"/, 1);
    const { scene, policy, seed, outcome, start } = JSON.parse(head === text ? text : `${head}}`);
    return { scene, policy, seed, outcome, start };
  } catch {
    // opening it will tell what is wrong
    return {};
  }
}

function beginningOf(file: string): string {
  const handle = openSync(file, "r");
  try {
    const bytes = Buffer.alloc(8192);
    return bytes.toString("utf8", 0, readSync(handle, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(handle);
  }
}

function bundleOf(folder: string, name: string) {
  const file = path.join(folder, "policy.json");
  if (!existsSync(file)) return undefined;
  try {
    const { scene, sceneConfig } = JSON.parse(readFileSync(file, "utf8"));
    const settings = trainedIn(sceneConfig);
    const item: PolicyItem = { name, scene, url: address("policies", name), settings };
    return { item, modified_ms: statSync(file).mtimeMs };
  } catch {
    return undefined;
  }
}
