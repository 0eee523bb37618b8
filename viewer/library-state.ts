/** What can be opened: scenes, policies and replays that the server lists, and bundles dropped on the page. */

import { signal } from "@preact/signals";
import type { DroppedBundle } from "./dropped.ts";
import type { LibraryList, ReplayItem } from "./library-list.ts";
import type { DriverChoice, SceneName } from "./messages.ts";

export const scenes = signal<readonly SceneName[]>([]);
export const library = signal<LibraryList>({ replays: [], policies: [] });
/** Bundles that were dropped on the page. */
export const dropped = signal<readonly Omit<DroppedBundle, "kind">[]>([]);

/** A driver as the list of drivers names it. */
export type DriverKey = string;

export function droppedKey(name: string): DriverKey {
  return `dropped ${name}`;
}

/** Policies that were made for a scene, those that were dropped first. */
function policiesFor(wanted: string) {
  return [
    ...dropped.value.map(({ name, scene, settings }) => {
      return { scene, settings, key: droppedKey(name), label: `policy ${name} (dropped)` };
    }),
    ...library.value.policies.map(({ name, scene, settings, url }) => {
      return { scene, settings, key: url, label: `policy ${name}` };
    }),
  ].filter(({ scene }) => scene === wanted);
}

/** Drivers for a scene, policies first. */
export function driversOf(scene: string): { readonly key: DriverKey; readonly label: string }[] {
  return [
    ...policiesFor(scene),
    { key: "demo", label: "scripted demo" },
    { key: "keyboard", label: "keyboard or joystick" },
  ];
}

export function driverOf(key: DriverKey): DriverChoice {
  if (key === "keyboard" || key === "demo") return { kind: key };
  const bundle = dropped.value.find(({ name }) => key === droppedKey(name));
  if (bundle) return { kind: "bundle", name: bundle.name, bundle: bundle.bundle };
  const policy = library.value.policies.find(({ url }) => url === key);
  // workers resolve addresses against their own script
  return policy
    ? { kind: "policy", name: policy.name, url: new URL(policy.url, document.baseURI).href }
    : { kind: "demo" };
}

/** A scene's settings once someone else drives: what a policy was trained in takes the place of what others were; all else stays. */
export function settingsFor(
  { scene, driver }: { readonly scene: string; readonly driver: DriverKey },
  before: readonly string[],
): readonly string[] {
  const trained = policiesFor(scene);
  const own = trained.find(({ key }) => key === driver)?.settings;
  if (!own) return before;
  const pathOf = (assignment: string) => assignment.split("=")[0];
  const theirs = new Set(trained.flatMap(({ settings }) => settings.map(pathOf)));
  return [...before.filter((assignment) => !theirs.has(pathOf(assignment))), ...own];
}

/** Replays that failed, kind by kind, the most frequent first; then those that did not. */
export function replaysByKind(
  replays: readonly ReplayItem[],
): { readonly kind: string; readonly items: readonly ReplayItem[] }[] {
  const kinds = new Map<string, ReplayItem[]>();
  for (const item of replays) {
    const kind = item.outcome ?? (item.url.endsWith(".mcap") ? "recordings" : "unreadable");
    const items = kinds.get(kind) ?? [];
    kinds.set(kind, items);
    items.push(item);
  }
  const last = (kind: string) => ["success", "recordings", "unreadable"].indexOf(kind);
  return [...kinds]
    .map(([kind, items]) => ({
      kind,
      items: items.toSorted((a, b) => (a.start ?? 0) - (b.start ?? 0)),
    }))
    .toSorted((a, b) => last(a.kind) - last(b.kind) || b.items.length - a.items.length);
}

/** What a replay is compared with: others of the same scene, seed and start first, then what follows in the list. */
export function comparableTo(address: string | undefined): ReplayItem[] {
  const all = replaysByKind(library.value.replays).flatMap(({ items }) => items);
  const shown = all.find(({ url }) => url === address);
  const rest = all.filter(({ url }) => url !== address);
  const keys = ["scene", "seed", "start"] as const;
  const alike = (item: ReplayItem) =>
    keys.filter((key) => shown !== undefined && item[key] === shown[key]).length;
  return rest.toSorted((a, b) => alike(b) - alike(a));
}

/** A page without a library, such as a copy on a static host, still runs. */
export async function fetchLibrary(): Promise<void> {
  const response = await fetch("library.json").catch(() => undefined);
  const found: LibraryList | undefined = response?.ok
    ? await response.json().catch(() => undefined)
    : undefined;
  if (found) library.value = found;
}
