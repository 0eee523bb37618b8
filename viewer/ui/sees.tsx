/** What the robot sees: its camera, a teacher's keypoints, and where the student's image puts each role. */

import { useEffect, useRef } from "preact/hooks";
import { CameraPictures } from "../draw/camera-pictures.ts";
import { KEYPOINT, keypointStates } from "../messages.ts";
import type { Viewer } from "../viewer.ts";

interface Props {
  readonly viewer: Viewer;
}

export function Sees({ viewer }: Props) {
  const sight = viewer.pane.value.sight.value;
  return (
    <section aria-labelledby="sees">
      <h2 id="sees">What the robot sees</h2>
      <Pictures viewer={viewer} />
      <label>
        <input
          type="checkbox"
          id="noise"
          checked={viewer.noise.value}
          onChange={({ currentTarget }) => {
            viewer.noise.value = currentTarget.checked;
          }}
        />{" "}
        Sensor noise
      </label>
      <p class="hint" id="camera-hint">
        {sight?.asGiven && "Role pictures: the very numbers the student is given."}
      </p>
      {viewer.overlays.value.keypoints && <KeypointLegend viewer={viewer} />}
      {viewer.overlays.value.beliefs && <Beliefs viewer={viewer} />}
    </section>
  );
}

function Pictures({ viewer }: Props) {
  const home = useRef<HTMLDivElement>(null);
  const pictures = useRef<CameraPictures | undefined>(undefined);
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const sight = pane.sight.value;
  useEffect(() => {
    if (!home.current || !sketch) return;
    pictures.current = new CameraPictures(home.current);
    pictures.current.open(sketch);
  }, [sketch]);
  useEffect(() => {
    const frame = sight && pane.tape.value.frames[sight.frame];
    if (frame) pictures.current?.show(sight, frame.stage);
  }, [sight, sketch, pane]);
  return <div id="camera" ref={home} />;
}

function KeypointLegend({ viewer }: Props) {
  const keypoints = viewer.pane.value.sight.value?.keypoints ?? new Float32Array(0);
  const counts = keypointStates.map((_, state) => {
    let count = 0;
    for (let at = KEYPOINT - 1; at < keypoints.length; at += KEYPOINT) {
      if (keypoints[at] === state) count++;
    }
    return count;
  });
  return (
    <div id="keypoints">
      <h3>A teacher's keypoints</h3>
      <ul class="legend">
        {keypointStates.map((state, i) => (
          <li key={state} class="dot" style={`--key: var(--keypoint-${i + 1})`}>
            {state} {counts[i]}
          </li>
        ))}
      </ul>
    </div>
  );
}

function Beliefs({ viewer }: Props) {
  const pane = viewer.pane.value;
  const beliefs = pane.tape.value.frames[pane.shown.value]?.beliefs ?? [];
  const roles = pane.sketch.value?.layers ?? [];
  const step_s = pane.tape.value.controlStep_s;
  const text = (role: string) => {
    const belief = beliefs.find((known) => known.role === role);
    if (!belief) return "not seen yet";
    const place = `${belief.x_m.toFixed(2)}, ${belief.y_m.toFixed(2)} m`;
    return belief.age === 0
      ? `${place}, seen now`
      : `${place}, ${(belief.age * step_s).toFixed(1)} s ago`;
  };
  return (
    <div id="beliefs">
      <h3>Where the student's image puts each role</h3>
      <dl>
        {roles.map((role) => (
          <>
            <dt key={role}>{role}</dt>
            <dd>{text(role)}</dd>
          </>
        ))}
      </dl>
    </div>
  );
}
