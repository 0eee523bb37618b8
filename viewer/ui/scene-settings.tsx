/** The scene's own settings, as `--set scene.…` of the commands has them: a new value begins the episode anew. */

import type { Setting } from "../../core/settings.ts";
import type { Viewer } from "../viewer.ts";

interface Props {
  readonly viewer: Viewer;
}

/** What there is much of, and little of it is changed, stands apart, under its own name. */
const APART = [
  { name: "Robot", prefix: "robot." },
  { name: "Reward", prefix: "reward." },
];

export function SceneSettings({ viewer }: Props) {
  const pane = viewer.pane.value;
  const settings = pane.sketch.value?.settings ?? [];
  const changed = pane.setup.value.settings;
  const under = (prefix: string) => settings.filter(({ path }) => path.startsWith(prefix));
  const plain = settings.filter(({ path }) => !APART.some(({ prefix }) => path.startsWith(prefix)));
  const parts = APART.map((part) => ({ ...part, settings: under(part.prefix) }));
  return (
    <details class="card" id="settings">
      <summary>Scene settings{changed.length > 0 && ` (${changed.length} changed)`}</summary>
      <Fields viewer={viewer} settings={plain} />
      {parts
        .filter((part) => part.settings.length > 0)
        .map(({ name, prefix, settings }) => (
          <details key={name}>
            <summary>{name}</summary>
            <Fields viewer={viewer} settings={settings} prefix={prefix} />
          </details>
        ))}
      <div class="row">
        <button
          type="button"
          disabled={changed.length === 0}
          onClick={() => viewer.openLive({ settings: [] })}
        >
          As the scene has them
        </button>
      </div>
    </details>
  );
}

/** What fields are labelled without. */
interface Prefixed {
  readonly prefix?: string;
}

function Fields({
  viewer,
  settings,
  prefix = "",
}: Props & Prefixed & { readonly settings: readonly Setting[] }) {
  return (
    <div class="fields">
      {settings.map((setting) => (
        <Field key={setting.path} viewer={viewer} setting={setting} prefix={prefix} />
      ))}
    </div>
  );
}

function Field({ viewer, setting, prefix = "" }: Props & Prefixed & { readonly setting: Setting }) {
  const { path, type, choices, description } = setting;
  const assigned = viewer.pane.value.setup.value.settings;
  const own = assigned.find((assignment) => assignment.startsWith(`${path}=`));
  const value = own ? own.slice(path.length + 1) : textOf(setting);
  const id = `setting-${path}`;
  const set = ({ currentTarget }: { readonly currentTarget: { readonly value: string } }) => {
    const others = assigned.filter((assignment) => assignment !== own);
    const isUsual = currentTarget.value === textOf(setting);
    const changed = isUsual ? [] : [`${path}=${currentTarget.value}`];
    viewer.openLive({ settings: [...others, ...changed] });
  };
  return (
    <div class="wide field">
      <label for={id}>{path.slice(prefix.length)}</label>
      {choices ? (
        <select id={id} value={value} aria-describedby={`${id}-hint`} onChange={set}>
          {choices.map((choice) => (
            <option key={choice}>{choice}</option>
          ))}
        </select>
      ) : (
        <input id={id} type="text" value={value} aria-describedby={`${id}-hint`} onChange={set} />
      )}
      <small id={`${id}-hint`}>{description === "" ? type : `${description}; ${type}`}</small>
    </div>
  );
}

/** A default as one would type it. */
function textOf({ default: json }: Setting): string {
  const value: unknown = json === undefined ? "" : JSON.parse(json);
  return typeof value === "string" ? value : JSON.stringify(value);
}
