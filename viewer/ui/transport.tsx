/** Play, step, reset and speed; the scrubber; and a chart of the episode on the same time axis. */

import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { type Curve, curvesOf, marksOf, type PlotName, plotNames } from "../plots.ts";
import type { Viewer } from "../viewer.ts";
import { Chart } from "./chart.tsx";
import { isForPage } from "./keys.ts";

export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8] as const;

/** A young live episode is not stretched over the whole width. */
const SHORTEST = 100;

export function Transport({ viewer }: { readonly viewer: Viewer }) {
  useEffect(() => playByKeys(viewer), [viewer]);
  return (
    <section id="transport" aria-label="Playback">
      <div class="buttons">
        <button id="play" type="button" class="main" onClick={() => viewer.playOrPause()}>
          {viewer.playing.value ? "Pause" : "Play"}
        </button>
        <button id="step" type="button" onClick={() => viewer.step()}>
          Step
        </button>
        <button id="reset" type="button" onClick={() => viewer.reset()}>
          Reset
        </button>
        <label>
          <span class="spare">Speed</span>
          <select
            id="speed"
            value={viewer.speed.value}
            onChange={({ currentTarget }) => viewer.setSpeed(Number(currentTarget.value))}
          >
            {SPEEDS.map((speed) => (
              <option key={speed} value={speed}>{`${speed}×`}</option>
            ))}
          </select>
        </label>
        <Time viewer={viewer} />
      </div>
      <Scrubber viewer={viewer} />
      <EpisodeChart viewer={viewer} />
    </section>
  );
}

function Time({ viewer }: { readonly viewer: Viewer }) {
  const time = viewer.time_s.value.toFixed(1);
  const end = viewer.end_s.value.toFixed(1);
  return <output id="time">{viewer.growing.value ? `${time} s` : `${time} of ${end} s`}</output>;
}

/** Frames that the time axis is long. */
function lengthOf(viewer: Viewer): number {
  const step_s = viewer.pane.value.tape.value.controlStep_s;
  const last = Math.round(viewer.end_s.value / step_s);
  return viewer.growing.value ? Math.max(last, SHORTEST) : Math.max(last, 1);
}

function Scrubber({ viewer }: { readonly viewer: Viewer }) {
  const step_s = viewer.pane.value.tape.value.controlStep_s;
  return (
    <input
      id="scrubber"
      type="range"
      aria-label="Time"
      aria-valuetext={`${viewer.time_s.value.toFixed(1)} seconds`}
      min="0"
      max={lengthOf(viewer)}
      step="1"
      value={Math.floor(viewer.time_s.value / step_s + 1e-6)}
      onInput={({ currentTarget }) => viewer.seek(currentTarget.valueAsNumber)}
    />
  );
}

function EpisodeChart({ viewer }: { readonly viewer: Viewer }) {
  const plot = useSignal<PlotName>("actions");
  const pane = viewer.pane.value;
  const sketch = pane.sketch.value;
  const tape = pane.tape.value;
  const frames = pane.frames.value;
  const shown = pane.shown.value;
  const curves = useMemo(
    () => (sketch ? curvesOf(plot.value, tape, sketch) : []),
    [sketch, tape, frames, plot.value],
  );
  const step_s = tape.controlStep_s;
  const marks = marksOf(tape).map(({ frame, stage }) => ({
    at: frame * step_s,
    label: sketch?.stages[stage]?.name ?? "",
  }));
  return (
    <figure>
      <figcaption>
        <label>
          <span class="spare">Plot</span>
          <select
            id="plot"
            value={plot.value}
            onChange={({ currentTarget }) => {
              plot.value = currentTarget.value as PlotName;
            }}
          >
            {plotNames.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <Legend curves={curves} shown={shown} />
        {curves.length === 0 && pane.replay.value?.reproduced === false && (
          <span>Not known: its actions, run again, do not give its poses.</span>
        )}
      </figcaption>
      <Chart
        name={`${plot.value} over time; a click goes to that moment`}
        xs={tape.frames.map((_, i) => i * step_s)}
        curves={curves}
        end={lengthOf(viewer) * step_s}
        now={shown * step_s}
        marks={marks}
        height_px={92}
        seek={(time_s) => viewer.seek(Math.round(time_s / step_s))}
      />
    </figure>
  );
}

function Legend({ curves, shown }: { readonly curves: readonly Curve[]; readonly shown: number }) {
  return (
    <>
      {curves.map(({ label, colour, values }) => (
        <span key={label} class="key" style={`--key: var(--${colour})`}>
          {label} {values[shown]?.toFixed(2) ?? "–"}
        </span>
      ))}
    </>
  );
}

/** Space plays and pauses, the full stop steps, R resets. */
function playByKeys(viewer: Viewer): () => void {
  const listen = (event: KeyboardEvent) => {
    if (!isForPage(event)) return;
    if (event.code === "Space") {
      event.preventDefault();
      viewer.playOrPause();
    }
    if (event.key === ".") viewer.step();
    if (event.key.toLowerCase() === "r") viewer.reset();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
