/** The scenes side by side, each with its picture, its outcome and a handle to choose it by. */

import { useEffect, useRef } from "preact/hooks";
import type { Viewpoint } from "../draw/scene-view.ts";
import type { Pane } from "../pane.ts";
import type { Viewer } from "../viewer.ts";
import { joystickWish } from "./drive.ts";

const VIEWPOINTS: Readonly<Record<Viewpoint, string>> = {
  overview: "Overview",
  above: "From above",
  chase: "Behind the robot",
};

const OVERLAYS = {
  frustum: "Camera's view",
  names: "Names",
  keypoints: "Keypoints",
  beliefs: "Beliefs",
} as const;

export function Panes({ viewer }: { readonly viewer: Viewer }) {
  const panes = viewer.panes.value;
  return (
    <section id="stage" aria-label="The scene" data-panes={panes.length}>
      <ViewOptions viewer={viewer} />
      {panes.map((pane, i) => (
        <PanePicture key={pane.id} viewer={viewer} pane={pane} index={i} />
      ))}
    </section>
  );
}

interface PaneProps {
  readonly viewer: Viewer;
  readonly pane: Pane;
  readonly index: number;
}

function PanePicture({ viewer, pane, index }: PaneProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const labels = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (canvas.current && labels.current) pane.attach(canvas.current, labels.current);
    viewer.attached(pane);
  }, [viewer, pane]);
  const several = viewer.panes.value.length > 1;
  const selected = viewer.selected.value === index;
  const driver = pane.setup.value.driver;
  const steers = selected && pane.mode.value === "live" && driver === "keyboard";
  return (
    <div class="pane" data-selected={several && selected ? "" : undefined}>
      {/* biome-ignore lint/a11y/noInteractiveElementToNoninteractiveRole: by itself a canvas does nothing; the keys are ours */}
      <canvas
        ref={canvas}
        role="application"
        tabIndex={0}
        aria-label={`Scene ${index + 1} in three dimensions; drag or Shift and arrow keys turn it, scroll or + and - come closer, a body that is dragged moves, one that is clicked has handles`}
        onPointerDown={() => {
          viewer.selected.value = index;
        }}
      />
      <div ref={labels} class="labels" aria-hidden="true" />
      {pane.noPicture.value !== undefined && <p class="no-picture">{pane.noPicture.value}</p>}
      {several && (
        <label class="pick">
          <input
            type="radio"
            name="pane"
            checked={selected}
            onChange={() => {
              viewer.selected.value = index;
            }}
          />
          {titleOf(pane, index)}
        </label>
      )}
      <Outcome pane={pane} />
      {steers && <Joystick viewer={viewer} />}
    </div>
  );
}

function titleOf(pane: Pane, index: number): string {
  const replay = pane.replay.value;
  const scene = pane.sketch.value?.name ?? "";
  const { seed, start } = replay ?? pane.setup.value;
  return `${index + 1}: ${scene}, seed ${seed}, start ${start}`;
}

function Outcome({ pane }: { readonly pane: Pane }) {
  const outcome = pane.outcome.value;
  const kind = outcome === "success" ? "good" : "bad";
  return (
    <p class="outcome" role="status" data-kind={kind}>
      {outcome !== undefined && `${outcome} after ${pane.tape.value.end_s.toFixed(1)} s`}
    </p>
  );
}

function ViewOptions({ viewer }: { readonly viewer: Viewer }) {
  const overlays = viewer.overlays.value;
  return (
    <div id="views">
      <label>
        <span class="spare">View</span>
        <select
          id="viewpoint"
          value={viewer.viewpoint.value}
          onChange={({ currentTarget }) => {
            viewer.viewpoint.value = currentTarget.value as Viewpoint;
          }}
        >
          {Object.entries(VIEWPOINTS).map(([value, label]) => (
            <option key={value} value={value}>
              {label}
            </option>
          ))}
        </select>
      </label>
      {Object.entries(OVERLAYS).map(([name, label]) => (
        <label key={name}>
          <input
            type="checkbox"
            checked={overlays[name as keyof typeof OVERLAYS]}
            onChange={({ currentTarget }) => {
              viewer.overlays.value = { ...overlays, [name]: currentTarget.checked };
            }}
          />{" "}
          {label}
        </label>
      ))}
    </div>
  );
}

function Joystick({ viewer }: { readonly viewer: Viewer }) {
  const knob = useRef<HTMLDivElement>(null);
  const move = (event: PointerEvent & { readonly currentTarget: HTMLDivElement }) => {
    const box = event.currentTarget.getBoundingClientRect();
    const { right, down, forward, turn } = joystickWish(box, event.clientX, event.clientY);
    if (knob.current) knob.current.style.translate = `${right * 50}% ${down * 50}%`;
    viewer.drive(forward, turn);
  };
  return (
    <div
      id="joystick"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        move(event);
      }}
      onPointerMove={(event) => {
        if (event.currentTarget.hasPointerCapture(event.pointerId)) move(event);
      }}
      onLostPointerCapture={() => {
        if (knob.current) knob.current.style.translate = "0 0";
        viewer.drive(0, 0);
      }}
    >
      <div id="knob" ref={knob} />
    </div>
  );
}
