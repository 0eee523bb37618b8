/** The supervisor of a robot that is watched: what it says at each tick, and its emergency stop. */

import type { ConnectorKeys } from "../bridge/security/keys.ts";
import { SupervisorLink } from "../bridge/supervisor/link.ts";
import { StopLink } from "../bridge/supervisor/stop-link.ts";
import type { SupervisorState } from "../viewer/live-messages.ts";

export interface WatchedSupervisorOptions {
  readonly endpoint: string;
  readonly stopEndpoint: string;
  /** Names of the numbers in a command, if the supervisor has no others. */
  readonly columns: readonly string[];
  /** Needed where the supervisor has keys: then one of its watchers' may watch, and any that it knows may stop. */
  readonly keys?: ConnectorKeys;
  readonly log: (line: string) => void;
}

export class WatchedSupervisor {
  readonly #options: WatchedSupervisorOptions;
  readonly #link: SupervisorLink;
  readonly #button: StopLink;

  /** Watches without a lane to drive by, as soon as there is a supervisor and whenever it comes back. */
  constructor(options: WatchedSupervisorOptions) {
    const { endpoint, stopEndpoint, columns, keys, log } = options;
    this.#options = options;
    this.#link = new SupervisorLink({ lane: "watcher", columns, endpoint, keys, log });
    this.#button = new StopLink(stopEndpoint, keys);
  }

  get state(): SupervisorState {
    const { endpoint } = this.#options;
    const { beat, columns } = this.#link;
    if (!beat) return { endpoint, heard: undefined };
    const { mode, driver, command, zones, holds, stops } = beat;
    const named = columns.map((name, i) => [name, command[i]] as const);
    return {
      endpoint,
      heard: { mode, driver, command: Object.fromEntries(named), zones, holds, stops },
    };
  }

  /** Zeros at once, latched; or the end of that, which leaves the robot disarmed. @throws WireError when nobody answers. */
  async stop(engaged: boolean): Promise<void> {
    if (engaged) await this.#button.stop("the viewer's page");
    else if ((await this.#button.ask()).mode === "estop") await this.#button.reset();
  }

  async close(): Promise<void> {
    await this.#link.close();
    this.#button.close();
  }
}
