/** The page as a whole. */

import { useEffect } from "preact/hooks";
import type { Mode } from "../pane.ts";
import type { Viewer } from "../viewer.ts";
import { Disturb } from "./disturb.tsx";
import { driveByKeys } from "./drive.ts";
import { filesOf } from "./drop-files.ts";
import { Earns, Poses } from "./earns.tsx";
import { KeysCard } from "./keys-card.tsx";
import { LivePanels } from "./live-panels.tsx";
import { Panes } from "./panes.tsx";
import { SceneSettings } from "./scene-settings.tsx";
import { Sees } from "./sees.tsx";
import { LiveSetup, ReplaySetup } from "./setup.tsx";
import { Survey } from "./survey.tsx";
import { type ThemeName, theme } from "./theme.ts";
import { Transport } from "./transport.tsx";

interface Props {
  readonly viewer: Viewer;
}

export function App({ viewer }: Props) {
  useEffect(() => {
    driveByKeys(
      () => viewer.pane.value.mode.value === "live",
      (forward, turn) => viewer.drive(forward, turn),
    );
    takeDrops(viewer);
  }, [viewer]);
  const live = viewer.pane.value.mode.value === "live";
  const { sentence, count } = viewer.alert.told.value;
  return (
    <>
      <Header viewer={viewer} />
      <p id="alert" role="alert" hidden={sentence === ""}>
        {/* by its key put there anew each time, or screen readers would not say it again */}
        <span key={count}>{sentence}</span>
      </p>
      <main>
        <Panes viewer={viewer} />
        <Transport viewer={viewer} />
        <aside aria-label="Panels">
          {live ? <LiveSetup viewer={viewer} /> : <ReplaySetup viewer={viewer} />}
          {live && <SceneSettings viewer={viewer} />}
          {live && <Disturb viewer={viewer} />}
          {live && <Survey viewer={viewer} />}
          <Sees viewer={viewer} />
          <Earns viewer={viewer} />
          <Poses viewer={viewer} />
          <LivePanels viewer={viewer} />
          <KeysCard />
        </aside>
      </main>
    </>
  );
}

function Header({ viewer }: Props) {
  const mode = viewer.pane.value.mode.value;
  const sketch = viewer.pane.value.sketch.value;
  // where nothing comes of it, the page is drawn again with what is said of that
  const choose = (wanted: Mode) => {
    if (wanted === "live") viewer.openLive();
    else viewer.openFirstReplay();
  };
  return (
    <header>
      <h1>Understudy</h1>
      <fieldset class="modes">
        <legend class="unseen">What to show</legend>
        {(["live", "replay"] as const).map((name) => (
          <label key={name}>
            <input
              type="radio"
              name="mode"
              value={name}
              checked={mode === name}
              onChange={() => choose(name)}
            />
            {name === "live" ? "Live" : "Replay"}
          </label>
        ))}
      </fieldset>
      <p id="task">{sketch && `${sketch.name}: ${sketch.summary}`}</p>
      <label>
        <span class="spare">Side by side</span>
        <select
          id="panes"
          value={viewer.panes.value.length}
          onChange={({ currentTarget }) => viewer.setPanes(Number(currentTarget.value))}
        >
          <option value="1">1 scene</option>
          <option value="2">2 scenes</option>
          <option value="4">4 scenes</option>
        </select>
      </label>
      <label>
        <span class="spare">Theme</span>
        <select
          id="theme"
          value={theme.value}
          onChange={({ currentTarget }) => {
            theme.value = currentTarget.value as ThemeName;
          }}
        >
          <option value="auto">System</option>
          <option value="light">Light</option>
          <option value="dark">Dark</option>
        </select>
      </label>
    </header>
  );
}

function takeDrops(viewer: Viewer): void {
  addEventListener("dragover", (event) => event.preventDefault());
  addEventListener("drop", (event) => {
    event.preventDefault();
    if (!event.dataTransfer) return;
    void filesOf(event.dataTransfer).then((files) => viewer.openFiles(files));
  });
}
