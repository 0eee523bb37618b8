/** What a running `understudy view` adds to the page: training runs, a served robot, and corrections. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo, useRef } from "preact/hooks";
import { layerColours } from "../draw/camera-pictures.ts";
import type { LiveLink } from "../live-link.ts";
import type { RobotState, RunState } from "../live-messages.ts";
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
          <button type="button" onClick={() => live.follow(run.name)}>
            Run its newest policy here
          </button>
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
    () => [{ label: "success", colour: "forward", values: points.map(({ success }) => success) }],
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
      {points.length > 1 && (
        <Chart
          name="Success over environment steps"
          xs={points.map((point) => point.environmentSteps)}
          curves={curves}
          end={totalSteps}
          height_px={110}
        />
      )}
    </>
  );
}

function Robot({ live }: { readonly live: LiveLink }) {
  const robot = live.robot.value;
  return (
    <details class="card" id="robot" open={robot !== undefined}>
      <summary>Robot</summary>
      {robot ? (
        <RobotFacts live={live} robot={robot} />
      ) : (
        <p class="hint">
          No policy is served here. Start understudy view with --serve and the policy's folder.
        </p>
      )}
    </details>
  );
}

function RobotFacts({ live, robot }: { readonly live: LiveLink; readonly robot: RobotState }) {
  const { stopped, silent_s, latencyP50_ms, latencyP99_ms } = robot;
  const facts: readonly (readonly [string, string])[] = [
    ["policy", robot.policy],
    ["endpoint", robot.endpoint],
    ["robots", String(robot.robots)],
    ["state", stateOf(robot)],
    ["last heard", silent_s === null ? "never" : `${silent_s.toFixed(1)} s ago`],
    ["latency p50, p99", `${milliseconds(latencyP50_ms)}, ${milliseconds(latencyP99_ms)}`],
    ...Object.entries(robot.action).map(([name, value]) => [name, value.toFixed(2)] as const),
  ];
  const lost = live.state.value !== "open";
  return (
    <>
      <button
        type="button"
        class="stop"
        aria-pressed={stopped}
        disabled={lost}
        onClick={() => live.send({ type: "stop", engaged: !stopped })}
      >
        {stopped ? "Let them move again" : "STOP all robots"}
      </button>
      <Facts facts={facts} />
      <RobotImages image={robot.image} />
      <p class="hint">
        STOP makes every action zero. It is no substitute for the supervisor's own stop at the
        robot.
      </p>
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
    const pane = viewer.pane.value;
    const { scene, driver, seed, start } = pane.setup.value;
    const replay = pane.replay.value;
    const stages = pane.sketch.value?.stages ?? [];
    const sent = live.send({
      type: "correction",
      text: text.value,
      at: {
        scene: pane.sketch.value?.name ?? scene,
        driver: replay?.policy ?? driver,
        seed: replay?.seed ?? seed,
        start: replay?.start ?? start,
        step: pane.shown.value,
        stage: stages[pane.frame?.stage ?? 0]?.name ?? "",
      },
    });
    if (sent) text.value = "";
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
          placeholder="more to the left"
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
    </details>
  );
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
