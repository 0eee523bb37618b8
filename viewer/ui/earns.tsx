/** What the robot earns: its stages, the ledger of terms, and where the bodies are. */

import { distanceToTarget_m, ledgerAt, marksOf, takesPart } from "../plots.ts";
import { POSE } from "../tape.ts";
import type { Viewer } from "../viewer.ts";

interface Props {
  readonly viewer: Viewer;
}

export function Earns({ viewer }: Props) {
  return (
    <section aria-labelledby="earns">
      <h2 id="earns">What it earns</h2>
      <Facts viewer={viewer} />
      <Stages viewer={viewer} />
      <Ledger viewer={viewer} />
    </section>
  );
}

function Facts({ viewer }: Props) {
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const { frames } = pane.tape.value;
  const index = pane.shown.value;
  const frame = frames[index];
  if (!sketch || !frame) return null;
  const replay = pane.replay.value;
  const paid = frames.slice(0, index + 1).reduce((sum, { reward }) => sum + (reward ?? 0), 0);
  const distance = distanceToTarget_m(sketch, frame);
  const facts: readonly (readonly [string, string])[] = [
    ...(replay
      ? ([
          ["outcome", replay.outcome],
          ["driven by", replay.policy],
          ["seed, start", `${replay.seed}, ${replay.start}`],
          ["return in the end", replay.return.toFixed(2)],
        ] as const)
      : []),
    ["return", replay && !replay.reproduced ? "not known" : paid.toFixed(2)],
    ["to target", distance === undefined ? "none" : `${distance.toFixed(3)} m`],
    ["action", frame.action ? frame.action.map((value) => value.toFixed(2)).join(", ") : "none"],
  ];
  return (
    <dl id="facts">
      {facts.map(([term, value]) => (
        <>
          <dt key={term}>{term}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}

/** Steps since the stage that is shown began, and the moments at which others were completed. */
function Stages({ viewer }: Props) {
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const tape = pane.tape.value;
  const index = pane.shown.value;
  const frame = tape.frames[index];
  if (!sketch || !frame || pane.replay.value?.reproduced === false) return null;
  const marks = marksOf(tape);
  const begun = Math.max(0, ...marks.filter((mark) => mark.frame <= index).map((m) => m.frame));
  const stages = sketch.stages.filter(({ roles }) => takesPart(sketch, frame, roles.active));
  return (
    <ol id="stages">
      {stages.map(({ name, budgetSteps }, stage) => {
        const mark = marks.find((done) => done.stage === stage);
        const done = mark !== undefined && mark.frame <= index;
        const steps = done ? mark.frame : index - begun;
        return (
          <li key={name} data-state={done ? "done" : stage === frame.stage ? "now" : "later"}>
            <span>{name}</span>
            {done ? (
              <button type="button" class="link" onClick={() => viewer.seek(mark.frame)}>
                done at {(mark.frame * tape.controlStep_s).toFixed(1)} s
              </button>
            ) : stage === frame.stage ? (
              <>
                <progress aria-label={`Time of ${name}`} max={budgetSteps} value={steps} />
                <span>
                  {steps} of {budgetSteps}
                </span>
              </>
            ) : (
              <span>to come</span>
            )}
          </li>
        );
      })}
    </ol>
  );
}

function Ledger({ viewer }: Props) {
  const pane = viewer.pane.value;
  const terms = pane.sketch.value?.terms ?? [];
  const { frames } = pane.tape.value;
  const index = pane.shown.value;
  if (terms.length === 0 || !frames[index]) return null;
  const ledger = ledgerAt(frames, index, terms.length);
  const { paid, stage } = frames[index];
  const current = pane.sketch.value?.stages[stage]?.name;
  const rows = terms
    .map((name, column) => ({ name, now: paid[column] ?? 0, sum: ledger[column] }))
    .filter(({ name, sum, now }) => sum !== 0 || now !== 0 || name.startsWith(`${current}/`));
  return (
    <table id="ledger">
      <caption>Reward by term</caption>
      <thead>
        <tr>
          <th scope="col">stage/term</th>
          <th scope="col">now</th>
          <th scope="col">so far</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, now, sum }) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>{signed(now, 3)}</td>
            <td>{signed(sum, 2)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

export function Poses({ viewer }: Props) {
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const frame = pane.tape.value.frames[pane.shown.value];
  if (!sketch || !frame) return null;
  const names = ["robot", ...sketch.bodies.map(({ name }) => name)];
  const rows = names.flatMap((name, row) =>
    takesPart(sketch, frame, row) ? [{ name, pose: frame.poses.subarray(row * POSE) }] : [],
  );
  return (
    <details class="card" open>
      <summary>Where the bodies are</summary>
      <table>
        <thead>
          <tr>
            <th scope="col">body</th>
            <th scope="col">x, m</th>
            <th scope="col">y, m</th>
            <th scope="col">yaw, °</th>
          </tr>
        </thead>
        <tbody>
          {rows.map(({ name, pose }) => (
            <PoseRow key={name} name={name} pose={pose} />
          ))}
        </tbody>
      </table>
    </details>
  );
}

function PoseRow({ name, pose }: { readonly name: string; readonly pose: Float32Array }) {
  const [x, y, , qx, qy, qz, qw] = pose;
  const yaw_rad = Math.atan2(2 * (qw * qz + qx * qy), 1 - 2 * (qy * qy + qz * qz));
  return (
    <tr>
      <th scope="row">{name}</th>
      <td>{signed(x, 3)}</td>
      <td>{signed(y, 3)}</td>
      <td>{signed((yaw_rad * 180) / Math.PI, 0)}</td>
    </tr>
  );
}

function signed(value: number, digits: number): string {
  return value.toFixed(digits).replace("-", "−");
}
