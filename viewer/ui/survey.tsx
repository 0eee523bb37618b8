/** Many starts in a row, as fast as they go, in a worker of their own: how often the driver succeeds in this page. */

import { useSignal } from "@preact/signals";
import { wilson } from "../../core/statistics.ts";
import { driverOf } from "../library-state.ts";
import type { SurveyedStart } from "../messages.ts";
import { StudioLink } from "../studio-link.ts";
import type { Viewer } from "../viewer.ts";

export function Survey({ viewer }: { readonly viewer: Viewer }) {
  const results = useSignal<readonly SurveyedStart[]>([]);
  const wanted = useSignal(32);
  const link = useSignal<StudioLink | undefined>(undefined);
  const stop = () => {
    link.value?.close();
    link.value = undefined;
  };
  const run = () => {
    stop();
    results.value = [];
    const pane = viewer.pane.value;
    const setup = pane.setup.value;
    link.value = new StudioLink((message) => {
      if (message.type === "surveyed") results.value = [...results.value, message.result];
      if (message.type === "failed") viewer.alert.value = message.message;
      if (message.type === "failed" || results.value.length >= wanted.value) stop();
    });
    link.value.open({
      type: "survey",
      opening: {
        ...setup,
        driver: driverOf(setup.driver),
        disturbance: pane.disturbance.value,
      },
      starts: wanted.value,
    });
  };
  const byHand = viewer.pane.value.setup.value.driver === "keyboard";
  return (
    <details class="card" id="survey">
      <summary>Many starts</summary>
      <div class="row">
        <label>
          <span>Starts</span>
          <input
            type="number"
            min="1"
            max="1000"
            value={wanted.value}
            onChange={({ currentTarget }) => {
              if (currentTarget.checkValidity()) wanted.value = currentTarget.valueAsNumber;
              else currentTarget.reportValidity();
            }}
          />
        </label>
        {link.value ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : (
          <button type="button" disabled={byHand} onClick={run}>
            Run them
          </button>
        )}
      </div>
      <p role="status">{summaryOf(results.value, wanted.value)}</p>
      <ul class="starts">
        {results.value
          .filter(({ outcome }) => outcome !== "success")
          .map(({ start, outcome }) => (
            <li key={start}>
              <button type="button" class="link" onClick={() => viewer.openLive({ start })}>
                start {start}: {outcome}
              </button>
            </li>
          ))}
      </ul>
    </details>
  );
}

function summaryOf(results: readonly SurveyedStart[], wanted: number): string {
  if (results.length === 0) return "";
  const won = results.filter(({ outcome }) => outcome === "success").length;
  const { low, high } = wilson(won, results.length);
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const done = results.length < wanted ? ` (${results.length} of ${wanted} run)` : "";
  return `${won} of ${results.length} succeed: ${percent(won / results.length)}, 95 % interval ${percent(low)} to ${percent(high)}${done}.`;
}
