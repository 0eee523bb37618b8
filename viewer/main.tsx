/** Starts the page. */

import { render } from "preact";
import { App } from "./ui/app.tsx";
import { Viewer } from "./viewer.ts";

const viewer = new Viewer();

addEventListener("unhandledrejection", ({ reason }) => {
  viewer.alert.tell(`The page stopped: ${reason?.message ?? reason}. Reload it.`);
});

render(<App viewer={viewer} />, document.body);

Object.assign(globalThis, { viewer });
