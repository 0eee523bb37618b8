/** What the robot sees: its camera, a teacher's keypoints, and what the student believes. */

import { useEffect, useRef } from "preact/hooks";
import { CameraPictures } from "../draw/camera-pictures.ts";
import { SEEN } from "../draw/overlays.ts";
import { bodyOfRole, KEYPOINT, keypointStates, type SceneSketch } from "../messages.ts";
import { type Belief, type Frame, POSE } from "../tape.ts";
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

/** What the student says of each thing, or what its image does where it says nothing. */
function Beliefs({ viewer }: Props) {
  const pane = viewer.pane.value;
  const frame = pane.tape.value.frames[pane.shown.value];
  const sketch = pane.sketch.value;
  const beliefs = frame?.beliefs ?? [];
  const told = beliefs.some(({ by }) => by !== "image");
  return (
    <div id="beliefs">
      <h3>{told ? "What the student believes" : "Where the student's image puts each role"}</h3>
      <dl>
        {beliefs.map((belief) => (
          <>
            <dt key={belief.by + belief.role}>
              {belief.role} <span class="by">{BELIEVED_BY[belief.by]}</span>
            </dt>
            <dd>{textOf(belief, sketch, frame)}</dd>
          </>
        ))}
      </dl>
      {beliefs.length === 0 && <p class="hint">Nothing was seen yet.</p>}
      {!told && beliefs.length > 0 && (
        <p class="hint">This driver has neither a pose head nor a memory that could be shown.</p>
      )}
    </div>
  );
}

const BELIEVED_BY = { head: "pose head", memory: "memory", image: "image" } as const;

function textOf(belief: Belief, sketch: SceneSketch | undefined, frame: Frame): string {
  const { by, x_m, y_m, age_s, seen } = belief;
  if (seen < SEEN) return `not seen (${(100 * seen).toFixed(0)} % sure)`;
  const place = `${x_m.toFixed(2)}, ${y_m.toFixed(2)} m`;
  const off_m = by === "image" ? undefined : errorOf_m(belief, sketch, frame);
  const error = off_m === undefined ? "" : `, ${(100 * off_m).toFixed(0)} cm off`;
  if (by === "head") return `${place}${error}, ${(100 * seen).toFixed(0)} % sure`;
  return `${place}${error}, ${age_s < 0.05 ? "seen now" : `${age_s.toFixed(1)} s ago`}`;
}

/** How far from there the thing stands; undefined where it is not known which of several is meant. */
function errorOf_m(
  belief: Belief,
  sketch: SceneSketch | undefined,
  { stage, target, poses }: Frame,
) {
  if (belief.role.startsWith("obstacle")) return undefined;
  const row = bodyOfRole(sketch, stage, belief.role);
  const isTarget = belief.role === "reference";
  if (row === undefined || (isTarget && !target)) return undefined;
  const [x, y] = isTarget && target ? [target.x_m, target.y_m] : poses.subarray(row * POSE);
  return Math.hypot(belief.x_m - x, belief.y_m - y);
}
