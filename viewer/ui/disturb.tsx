/** Poking at a live episode: friction, mass, camera noise, obstacles, and moving bodies. */

import { type Disturbance, MOST_OBSTACLES, undisturbed } from "../messages.ts";
import { takesPart } from "../plots.ts";
import type { Viewer } from "../viewer.ts";

interface Props {
  readonly viewer: Viewer;
}

/** How far a press of a button moves a body. */
const STEP_m = 0.05;
const TURN_rad = Math.PI / 12;

export function Disturb({ viewer }: Props) {
  const pane = viewer.pane.value;
  const { obstacles } = pane.disturbance.value;
  return (
    <details class="card" id="disturb">
      <summary>Disturb</summary>
      <Factor viewer={viewer} name="friction" label="Friction" min={0.1} max={3} />
      <Factor viewer={viewer} name="mass" label="Mass" min={0.2} max={5} />
      <Factor viewer={viewer} name="noise" label="Camera noise" min={0} max={8} />
      <div class="row">
        <button
          type="button"
          disabled={obstacles >= MOST_OBSTACLES}
          onClick={() => pane.disturb({ obstacles: obstacles + 1 })}
        >
          Add an obstacle
        </button>
        <button
          type="button"
          disabled={obstacles === 0}
          onClick={() => pane.disturb({ obstacles: obstacles - 1 })}
        >
          Remove it
        </button>
        <button type="button" onClick={() => pane.disturb(undisturbed)}>
          As it was
        </button>
      </div>
      <Move viewer={viewer} />
      <p class="hint">
        {pane.movable.value
          ? "Bodies and the robot can also be dragged in the scene; a click on one gives it handles to move it along an axis and to turn it, a click beside it takes them away."
          : "Bodies can be moved in the newest moment of an episode that is not over."}
      </p>
    </details>
  );
}

type FactorName = "friction" | "mass" | "noise";

function Factor(
  props: Props & { readonly name: FactorName; label: string; min: number; max: number },
) {
  const { viewer, name, label, min, max } = props;
  const pane = viewer.pane.value;
  const value = pane.disturbance.value[name];
  return (
    <label class="slider">
      <span>{label}</span>
      <input
        type="range"
        min={min}
        max={max}
        step="0.05"
        value={value ?? 1}
        aria-label={label}
        aria-valuetext={textOf(name, value)}
        onChange={({ currentTarget }) => {
          const change: Partial<Disturbance> = { [name]: currentTarget.valueAsNumber };
          pane.disturb(change);
        }}
      />
      <output>{textOf(name, value)}</output>
    </label>
  );
}

function textOf(name: FactorName, value: number | undefined): string {
  if (value === undefined) return "as drawn";
  return name === "noise" && value === 1 ? "as trained" : `${value.toFixed(2)}×`;
}

function Move({ viewer }: Props) {
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const frame = pane.tape.value.frames[pane.shown.value];
  const names = ["robot", ...(sketch?.bodies.map(({ name }) => name) ?? [])];
  const body = pane.held.value ?? 0;
  const move = (x_m: number, y_m: number, yaw_rad: number) => {
    const pose = pane.poseOf(body);
    pane.place(body, {
      x_m: pose.x_m + x_m,
      y_m: pose.y_m + y_m,
      yaw_rad: pose.yaw_rad + yaw_rad,
    });
  };
  const ways: readonly [text: string, name: string, ...Parameters<typeof move>][] = [
    ["←", "left", 0, STEP_m, 0],
    ["↑", "forward", STEP_m, 0, 0],
    ["↓", "back", -STEP_m, 0, 0],
    ["→", "right", 0, -STEP_m, 0],
    ["↺", "turned left", 0, 0, TURN_rad],
    ["↻", "turned right", 0, 0, -TURN_rad],
  ];
  return (
    <fieldset class="move">
      <legend>Move a body by 5 cm or 15°</legend>
      <select
        aria-label="Body to move"
        value={body}
        onChange={({ currentTarget }) => pane.hold(Number(currentTarget.value))}
      >
        {names.map(
          (name, row) =>
            (!sketch || !frame || takesPart(sketch, frame, row)) && (
              <option key={name} value={row}>
                {name}
              </option>
            ),
        )}
      </select>
      {ways.map(([text, name, ...by]) => (
        <button
          key={name}
          type="button"
          aria-label={`${names[body]} ${name}`}
          disabled={!pane.movable.value}
          onClick={() => move(...by)}
        >
          {text}
        </button>
      ))}
    </fieldset>
  );
}
