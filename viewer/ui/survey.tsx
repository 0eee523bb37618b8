/** How often the driver succeeds, over many starts or seeds run in this page. */

import { useSignal } from "@preact/signals";
import { wilson } from "../../core/statistics.ts";
import { type SurveyedStart, type SurveyOver, surveyOvers } from "../messages.ts";
import type { Surveyed } from "../survey-run.ts";
import type { Viewer } from "../viewer.ts";

export function Survey({ viewer }: { readonly viewer: Viewer }) {
  const wanted = useSignal(32);
  const over = useSignal<SurveyOver>("starts");
  const { survey } = viewer;
  const { value: results } = survey.results;
  const { value: surveyed } = survey.surveyed;
  const run = () =>
    survey.run(viewer.pane.value, wanted.value, over.value, (message) =>
      viewer.alert.tell(message),
    );
  const byHand = viewer.pane.value.setup.value.driver === "keyboard";
  return (
    <details class="card" id="survey">
      <summary>Many episodes</summary>
      <div class="row">
        <label>
          <span>Episodes</span>
          <input
            type="number"
            min="1"
            max="1000"
            value={wanted.value}
            // at once: a choice beside it draws the field anew
            onInput={({ currentTarget: field }) => {
              if (field.validity.valid && field.value !== "") wanted.value = field.valueAsNumber;
            }}
            onChange={({ currentTarget }) => currentTarget.reportValidity()}
          />
        </label>
        <label>
          <span>over</span>
          <select
            aria-label="What the episodes run over"
            value={over.value}
            onChange={({ currentTarget }) => {
              over.value = currentTarget.value as SurveyOver;
            }}
          >
            {surveyOvers.map((name) => (
              <option key={name} value={name}>
                {name === "starts" ? "the next starts" : "the next seeds"}
              </option>
            ))}
          </select>
        </label>
        {survey.running.value ? (
          <button type="button" onClick={() => survey.stop()}>
            Stop
          </button>
        ) : (
          <button type="button" disabled={byHand} onClick={run}>
            Run them
          </button>
        )}
      </div>
      <p role="status">{surveyed && summaryOf(results, surveyed)}</p>
      <ul class="starts">
        {results
          .filter(({ outcome }) => outcome !== "success")
          .map(({ seed, start, outcome }) => (
            <li key={`${seed} ${start}`}>
              <button
                type="button"
                class="link"
                onClick={() => surveyed && viewer.openSurveyed(surveyed, { seed, start })}
              >
                {surveyed?.over === "seeds" ? `seed ${seed}` : `start ${start}`}: {outcome}
              </button>
            </li>
          ))}
      </ul>
    </details>
  );
}

function summaryOf(results: readonly SurveyedStart[], surveyed: Surveyed): string {
  if (results.length === 0) return "";
  const { count: wanted } = surveyed;
  const won = results.filter(({ outcome }) => outcome === "success").length;
  const { low, high } = wilson(won, results.length);
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const done = results.length < wanted ? ` (${results.length} of ${wanted} run)` : "";
  return `${won} of ${results.length} succeed: ${percent(won / results.length)}, 95 % interval ${percent(low)} to ${percent(high)}${done}. ${subjectOf(surveyed)}`;
}

/** Whose figures they are: the page may show something else by now. */
function subjectOf({ setup, driver, disturbance, over }: Surveyed): string {
  const { scene, settings, seed, start } = setup;
  const { friction, mass, noise, obstacles } = disturbance;
  const from =
    over === "seeds"
      ? `start ${start} from seed ${seed} on`
      : `seed ${seed} from start ${start} on`;
  const others = [
    ...settings,
    ...(friction === undefined ? [] : [`friction ${friction.toFixed(2)}×`]),
    ...(mass === undefined ? [] : [`mass ${mass.toFixed(2)}×`]),
    ...(noise === 1 ? [] : [`camera noise ${noise.toFixed(2)}×`]),
    ...(obstacles === 0 ? [] : [`obstacles added: ${obstacles}`]),
  ];
  return `${scene} by ${driver}, ${[from, ...others].join(", ")}.`;
}
