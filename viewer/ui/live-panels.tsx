/** What a running `understudy view` adds to the page: training runs, a served robot, and corrections. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { layerColours } from "../draw/camera-pictures.ts";
import type { LiveLink } from "../live-link.ts";
import type { PlannedPush, RobotState, RunState, SupervisorState } from "../live-messages.ts";
import type { Viewer } from "../viewer.ts";
import { Chart } from "./chart.tsx";

interface Props {
  readonly viewer: Viewer;
}

export function LivePanels({ viewer }: Props) {
  const { live } = viewer;
  if (live.state.value === "none") return null;
  return (
    <>
      <p class="hint lost" role="status">
        {live.state.value === "lost" &&
          "The connection to understudy view is lost; what is below is old. Trying again."}
      </p>
      <Training viewer={viewer} />
      <Robot live={live} />
      <Corrections viewer={viewer} />
    </>
  );
}

function Training({ viewer }: Props) {
  const { live } = viewer;
  const chosen = useSignal<string | undefined>(undefined);
  const runs = live.runs.value;
  const run = runs.find(({ name }) => name === chosen.value) ?? runs[0];
  return (
    <details class="card" id="training">
      <summary>Training runs</summary>
      {run ? (
        <>
          <label class="field">
            <span>Run</span>
            <select
              value={run.name}
              onChange={({ currentTarget }) => {
                chosen.value = currentTarget.value;
              }}
            >
              {runs.map(({ name }) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
          <RunFacts run={run} />
          <button type="button" onClick={() => viewer.follow(run.name)}>
            Run its newest policy here
          </button>
          <p class="hint" role="status">
            {live.followed.value !== undefined &&
              `The newest policy of ${live.followed.value} drives as soon as there is one, until another driver, scene or mode is chosen.`}
          </p>
        </>
      ) : (
        <p class="hint">
          No checkpoint in runs/ was written lately. Start a run with understudy start or understudy
          train.
        </p>
      )}
    </details>
  );
}

function RunFacts({ run }: { readonly run: RunState }) {
  const { points, environmentSteps, totalSteps, stepsPerSecond, left_s } = run;
  const last = points[points.length - 1];
  const curves = useMemo(
    () =>
      (["success", "return"] as const).map((name, i) => ({
        name,
        curve: [
          { label: name, colour: `curve-${i + 1}`, values: points.map((point) => point[name]) },
        ],
      })),
    [points],
  );
  const facts: readonly (readonly [string, string])[] = [
    ["phase", `${run.phase} of ${run.scene}`],
    ["success lately", last.success === null ? "no episode ended" : percent(last.success)],
    ["return", last.return === null ? "–" : last.return.toFixed(2)],
    [
      "steps a second",
      stepsPerSecond === null ? "after the next checkpoint" : count(stepsPerSecond),
    ],
    ["time left", left_s === null ? "–" : minutes(left_s)],
  ];
  return (
    <>
      <progress aria-label={`Training of ${run.name}`} max={totalSteps} value={environmentSteps} />
      <p class="hint">
        {count(environmentSteps)} of {count(totalSteps)} environment steps
      </p>
      <Facts facts={facts} />
      {points.length > 1 &&
        curves.map(({ name, curve }) => (
          <figure key={name}>
            <figcaption class="hint">{name}</figcaption>
            <Chart
              name={`${name} over environment steps`}
              xs={points.map((point) => point.environmentSteps)}
              curves={curve}
              end={totalSteps}
              height_px={90}
            />
          </figure>
        ))}
    </>
  );
}

function Robot({ live }: { readonly live: LiveLink }) {
  const robot = live.robot.value;
  const supervisor = live.supervisor.value;
  return (
    <details class="card" id="robot" open={robot !== undefined || supervisor !== undefined}>
      <summary>Robot</summary>
      {(robot || supervisor) && <StopButtons live={live} />}
      {robot && <RobotFacts robot={robot} />}
      {supervisor && <SupervisorFacts supervisor={supervisor} />}
      {!robot && !supervisor && (
        <p class="hint">
          No robot is watched here. Start understudy view with --serve and the policy's folder, or
          with --supervisor and where a robot's supervisor listens.
        </p>
      )}
    </details>
  );
}

/** Stops what there is: the policy's actions, and the actuators where their supervisor is known. */
function StopButtons({ live }: { readonly live: LiveLink }) {
  const latched = live.supervisor.value?.heard?.mode === "estop";
  const stopped = live.robot.value?.stopped === true || latched;
  const supervised = live.supervisor.value !== undefined;
  const presses = useSignal(0);
  const stop = () => {
    live.send({ type: "stop", engaged: true });
    presses.value++;
  };
  return (
    <>
      <button type="button" class="stop" disabled={live.state.value !== "open"} onClick={stop}>
        {supervised ? "EMERGENCY STOP" : "STOP all robots"}
      </button>
      <ReleaseButton key={presses.value} live={live} stopped={stopped} />
      <p class="hint">
        {supervised
          ? "The supervisor's own stop: zeros at once, latched. Once it is taken back, the robot has to be armed anew, there."
          : "STOP makes every action zero. It is no substitute for the supervisor's own stop at the robot."}
      </p>
    </>
  );
}

/** Whoever presses STOP in a hurry, perhaps twice, has let go of the mouse by then. */
const RELEASE_AFTER_ms = 1000;

/** Takes the stop back; the button works once this has stood there, with everything stopped, for a while. */
function ReleaseButton({ live, stopped }: { readonly live: LiveLink; readonly stopped: boolean }) {
  const rested = useSignal(false);
  useEffect(() => {
    rested.value = false;
    if (!stopped) return;
    const timer = setTimeout(() => {
      rested.value = true;
    }, RELEASE_AFTER_ms);
    return () => clearTimeout(timer);
  }, [stopped, rested]);
  return (
    <button
      type="button"
      class="release"
      disabled={live.state.value !== "open" || !stopped || !rested.value}
      onClick={() => live.send({ type: "stop", engaged: false })}
    >
      Let them move again
    </button>
  );
}

const MODES = {
  disarmed: "disarmed: obeys nobody",
  hold: "armed, holding: no command is in force",
  armed: "armed, driving",
  estop: "EMERGENCY STOP",
} as const;

function SupervisorFacts({ supervisor }: { readonly supervisor: SupervisorState }) {
  const { endpoint, heard } = supervisor;
  const facts: readonly (readonly [string, string])[] = heard
    ? [
        ["state", MODES[heard.mode]],
        ["driven by", heard.driver ?? "nobody"],
        ...Object.entries(heard.command).map(
          ([name, value]) => [`${name}, to the motors`, value.toFixed(2)] as const,
        ),
        ["held back by", heard.zones.join(", ") || "nothing"],
        ["holds for want of a command", String(heard.holds)],
        ["emergency stops", String(heard.stops)],
      ]
    : [["state", "not heard: no supervisor answers"]];
  return (
    <section id="supervisor" aria-label="Supervisor">
      <h3>Supervisor at {endpoint}</h3>
      <Facts facts={facts} />
    </section>
  );
}

function RobotFacts({ robot }: { readonly robot: RobotState }) {
  const { silent_s, latencyP50_ms, latencyP99_ms } = robot;
  const facts: readonly (readonly [string, string])[] = [
    ["policy", robot.policy],
    ["endpoint", robot.endpoint],
    ["robots", String(robot.robots)],
    ["state", stateOf(robot)],
    ["last heard", silent_s === null ? "never" : `${silent_s.toFixed(1)} s ago`],
    ["latency p50, p99", `${milliseconds(latencyP50_ms)}, ${milliseconds(latencyP99_ms)}`],
    ...Object.entries(robot.action).map(([name, value]) => [name, value.toFixed(2)] as const),
  ];
  return (
    <>
      <Facts facts={facts} />
      <RobotImages image={robot.image} />
    </>
  );
}

function stateOf({ stopped, silent_s, robots }: RobotState): string {
  if (stopped) return "stopped";
  if (robots === 0) return "no robot connected";
  return silent_s !== null && silent_s < 1 ? "driving" : "silent";
}

function RobotImages({ image }: { readonly image: RobotState["image"] }) {
  if (!image) return null;
  return (
    <div class="pictures">
      {image.layers.map((layer, i) => (
        <RobotImage key={layer} image={image} layer={i} name={layer} />
      ))}
    </div>
  );
}

function RobotImage(props: {
  readonly image: NonNullable<RobotState["image"]>;
  readonly layer: number;
  readonly name: string;
}) {
  const { image, layer, name } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  const [, height, width] = image.shape;
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    const bytes = atob(image.bytes);
    const pixels = width * height;
    const inverse = Float32Array.from(
      { length: pixels },
      (_, i) => bytes.charCodeAt(layer * pixels + i) / 64,
    );
    context?.putImageData(new ImageData(layerColours(inverse), width, height), 0, 0);
  }, [image, layer, width, height]);
  return (
    <figure>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={`Robot's ${name}`}
      />
      <figcaption>{name}</figcaption>
    </figure>
  );
}

function Corrections({ viewer }: Props) {
  const { live } = viewer;
  const text = useSignal("");
  const send = (event: Event) => {
    event.preventDefault();
    const said = viewer.pane.value.sayNow(text.value);
    if (said && live.send(said)) text.value = "";
    else live.stored.value = "Not sent: there is no connection to understudy view.";
  };
  return (
    <details class="card" id="corrections">
      <summary>Corrections</summary>
      <form class="row" onSubmit={send}>
        <input
          type="text"
          required
          maxLength={500}
          aria-label="Correction"
          placeholder="put the object behind the anchor"
          value={text.value}
          onInput={({ currentTarget }) => {
            text.value = currentTarget.value;
          }}
        />
        <button type="submit">Send</button>
      </form>
      <p class="hint" role="status">
        {live.stored.value}
      </p>
      <Planned live={live} />
    </details>
  );
}

/** What the planner makes of the last correction. */
function Planned({ live }: { readonly live: LiveLink }) {
  const plan = live.plan.value;
  const reasons = live.unplanned.value;
  return (
    <div id="planned" role="status">
      {plan.length > 0 && (
        <>
          <h3>The planner understands</h3>
          <ol>
            {plan.map((push) => (
              <li key={push.active}>{textOf(push)}</li>
            ))}
          </ol>
        </>
      )}
      {reasons.length > 0 && <p class="hint">No plan was found: {reasons.join(" ")}</p>}
    </div>
  );
}

/** What would be written as 0.00 m. */
const NOTHING_m = 0.005;

function textOf({ active, place }: PlannedPush): string {
  if (!place) return `reach ${active}`;
  const { anchor, x_m, y_m, yaw_deg } = place;
  const sides = [
    ...(Math.abs(x_m) < NOTHING_m
      ? []
      : [`${Math.abs(x_m).toFixed(2)} m ${x_m > 0 ? "in front of" : "behind"}`]),
    ...(Math.abs(y_m) < NOTHING_m
      ? []
      : [`${Math.abs(y_m).toFixed(2)} m to the ${y_m > 0 ? "left" : "right"} of`]),
  ];
  const turned = yaw_deg === null || yaw_deg === 0 ? "" : `, turned ${yaw_deg.toFixed(0)}°`;
  return `push ${active} to ${sides.join(" and ") || "where it is"} ${anchor}${turned}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(0)} %`;
}

function count(value: number): string {
  return Math.round(value).toLocaleString("en");
}

function minutes(time_s: number): string {
  return time_s < 90 ? `${time_s.toFixed(0)} s` : `${(time_s / 60).toFixed(0)} min`;
}

function milliseconds(value: number | null): string {
  return value === null ? "–" : `${value.toFixed(1)} ms`;
}

/** Terms and what is so. */
function Facts({ facts }: { readonly facts: readonly (readonly [string, string])[] }) {
  return (
    <dl>
      {facts.map(([term, value]) => (
        <>
          <dt key={term}>{term}</dt>
          <dd>{value}</dd>
        </>
      ))}
    </dl>
  );
}
