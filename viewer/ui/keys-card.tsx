/** What keys do, and the switch that leaves them to the scenes. */

import { chooseKeyPlace, keyPlace } from "./keys.ts";

export function KeysCard() {
  return (
    <details class="card" id="keys">
      <summary>Keys</summary>
      <p class="hint">
        Arrow keys or WASD drive, space plays and pauses, the full stop steps, R resets.
      </p>
      <label>
        <input
          type="checkbox"
          checked={keyPlace.value === "scene"}
          onChange={({ currentTarget }) => chooseKeyPlace(currentTarget.checked ? "scene" : "page")}
        />{" "}
        Only while a scene has the focus
      </label>
    </details>
  );
}
