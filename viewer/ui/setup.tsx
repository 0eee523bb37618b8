/** What to open: scene, driver, seed and start of a live episode, or a recorded one. */

import { useSignal } from "@preact/signals";
import type { ReplayItem } from "../library-list.ts";
import { driversOf, library, replaysByKind, scenes } from "../library-state.ts";
import type { Viewer } from "../viewer.ts";
import { keyPlace } from "./keys.ts";

interface Props {
  readonly viewer: Viewer;
}

const HINTS: Readonly<Record<string, string>> = {
  keyboard: "Arrow keys, WASD or the joystick drive. Space plays and pauses, the full stop steps.",
  demo: "A script that sees everything drives. Press an arrow key to take over.",
};
const POLICY_HINT =
  "The policy runs in this page, on what the robot sees. Press an arrow key to take over.";

export function LiveSetup({ viewer }: Props) {
  const { setup, misfit } = viewer.pane.value;
  const { scene, driver } = setup.value;
  const known = library.value.policies.some((policy) => policy.scene === scene);
  return (
    <section id="live" aria-label="Live episode">
      <div class="fields">
        <label class="wide">
          <span>Scene</span>
          <select
            id="live-scene"
            value={scene}
            onChange={({ currentTarget }) =>
              viewer.openLive({
                scene: currentTarget.value,
                driver: driversOf(currentTarget.value)[0].key,
              })
            }
          >
            {scenes.value.map(({ name }) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="wide">
          <span>Driver</span>
          <select
            id="driver"
            value={driver}
            onChange={({ currentTarget }) => viewer.chooseDriver(currentTarget.value)}
          >
            {driversOf(scene).map(({ key, label }) => (
              <option key={key} value={key}>
                {label}
              </option>
            ))}
          </select>
        </label>
        <Whole viewer={viewer} name="seed" label="Seed" most={4294967295} />
        <Whole viewer={viewer} name="start" label="Start" most={1_000_000} />
        <FileField viewer={viewer} label="Or a policy's two files, here or dropped on the page" />
      </div>
      <p class="hint" id="driver-hint">
        {HINTS[driver] ?? POLICY_HINT}
        {keyPlace.value === "scene" && " Keys work while a scene has the focus: click it."}
        {scene !== "" &&
          !known &&
          ` No policy for ${scene} was found in policies/zoo or runs/*/bundle.`}
      </p>
      <p class="hint warning" id="misfit" role="status">
        {misfit.value !== undefined &&
          `The policy was made for another robot: its ${misfit.value}. What it does here says little of it.`}
      </p>
    </section>
  );
}

function Whole(props: Props & { readonly name: "seed" | "start"; label: string; most: number }) {
  const { viewer, name, label, most } = props;
  const typed = useSignal<string | undefined>(undefined);
  return (
    <label>
      <span>{label}</span>
      <input
        id={name}
        type="number"
        min="0"
        max={most}
        step="1"
        value={typed.value ?? viewer.pane.value.setup.value[name]}
        // the next start must not take the place of what is being written
        onInput={({ currentTarget }) => {
          typed.value = currentTarget.value;
        }}
        onBlur={() => {
          typed.value = undefined;
        }}
        onChange={({ currentTarget: field }) => {
          if (field.checkValidity() && field.value !== "") {
            typed.value = undefined;
            viewer.openLive({ [name]: field.valueAsNumber });
          } else field.reportValidity();
        }}
      />
    </label>
  );
}

function FileField({ viewer, label }: Props & { readonly label: string }) {
  return (
    <label class="wide file">
      <span>{label}</span>
      <input
        class="files"
        type="file"
        multiple
        accept=".json,.onnx,.mcap"
        onChange={({ currentTarget }) => {
          void viewer.openFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = "";
        }}
      />
    </label>
  );
}

export function ReplaySetup({ viewer }: Props) {
  const kinds = replaysByKind(library.value.replays);
  const all = kinds.flatMap(({ items }) => items);
  const shown = viewer.pane.value.replayUrl.value;
  // those of the same evaluation
  const from = all.find(({ url }) => url === shown)?.from ?? all[0]?.from;
  const failures = all.filter(
    ({ from: home, outcome = "success" }) => home === from && outcome !== "success",
  );
  const open = (item: ReplayItem | undefined) => {
    if (item) void viewer.openItem(item);
  };
  const go = (by: number) => {
    const at = failures.findIndex(({ url }) => url === shown);
    // from a success the last is before the first
    const before = at < 0 && by < 0 ? 0 : at;
    open(failures[(before + by + failures.length) % failures.length]);
  };
  return (
    <section id="replay" aria-label="Recorded episode">
      <div class="fields">
        <label class="wide">
          <span>Episode, failures first</span>
          <select
            id="episodes"
            size={7}
            value={shown}
            onChange={({ currentTarget }) =>
              open(all.find(({ url }) => url === currentTarget.value))
            }
          >
            {kinds.map(({ kind, items }) => (
              <optgroup key={kind} label={`${kind} (${items.length})`}>
                {items.map((item) => (
                  <option key={item.url} value={item.url}>
                    {titleOf(item)}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        </label>
        <div class="wide row">
          <button type="button" disabled={failures.length === 0} onClick={() => go(-1)}>
            Previous failure
          </button>
          <button type="button" disabled={failures.length === 0} onClick={() => go(1)}>
            Next failure
          </button>
        </div>
        <FileField viewer={viewer} label="Or a recording, here or dropped on the page" />
        <EpisodeOfFile viewer={viewer} />
      </div>
      <p class="hint" id="replay-hint">
        {all.length === 0 &&
          "No replays were found in runs/*/replays or policies/zoo/*/replays. Record some with understudy evaluate --replays runs/NAME/replays, or open a file."}
        {viewer.pane.value.replay.value?.reproduced === false &&
          "Its actions, run again, do not give its poses: it was recorded with other settings, so rewards and stages are not known."}
      </p>
    </section>
  );
}

/** Which episode, where a recording holds several. */
function EpisodeOfFile({ viewer }: Props) {
  const pane = viewer.pane.value;
  const { titles, number } = pane.replay.value ?? { titles: [], number: 0 };
  if (titles.length < 2) return null;
  return (
    <label class="wide">
      <span>Episode of the recording</span>
      <select
        value={number}
        onChange={({ currentTarget }) => pane.openEpisode(Number(currentTarget.value))}
      >
        {titles.map((title, i) => (
          <option key={title} value={i}>
            {title}
          </option>
        ))}
      </select>
    </label>
  );
}

function titleOf({ name, seed, start, from, scene }: ReplayItem): string {
  if (start === undefined) return `${name} (${from})`;
  return `${scene}, seed ${seed}, start ${start} (${from})`;
}
