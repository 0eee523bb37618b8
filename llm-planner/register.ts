/** Importing this lets plans be simulated by name, as scene "plan", in the thread that imports it. */

import { addScene } from "../sim/scenes/index.ts";
import { planScene } from "./scene.ts";

addScene(planScene, { listed: false });

/** What a `WorkerPool` is given, so that its workers know plans, too. */
export const planModule = import.meta.url;
