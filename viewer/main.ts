/** Starts the page. */

import { alertOnPage } from "./page.ts";
import { Viewer } from "./viewer.ts";

addEventListener("unhandledrejection", ({ reason }) => {
  alertOnPage(`The page stopped: ${reason?.message ?? reason}. Reload it.`);
});

Object.assign(globalThis, { viewer: new Viewer() });
