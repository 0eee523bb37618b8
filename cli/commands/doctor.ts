/** `understudy doctor`: what is wrong between this robot and its policy, and how to mend it. */

import { examine } from "../../bridge/doctor.ts";
import { defaultEndpoint } from "../../bridge/sockets.ts";
import { defaultStopEndpoint } from "../../bridge/supervisor/messages.ts";
import { WireError } from "../../core/errors.ts";
import { readBundle } from "../../policies/bundle.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatTable } from "../table.ts";
import { connectOptions, connectorKeys } from "../wire-options.ts";

const marks = { good: "ok", poor: "!", bad: "FAIL", skipped: "–" } as const;

export const doctor = defineCommand({
  examples: [
    ["doctor", "check the policy and the supervisor on this machine"],
    [
      "doctor --endpoint tcp://lab:5601 --keys keys/robot-1.secret.json --peer lab.public.json",
      "check a policy on another machine",
    ],
    ["doctor --policy policies/zoo/push-pair", "also compare what the robot was built for"],
  ],
  options: {
    endpoint: { type: "string", default: defaultEndpoint, description: "where the policy listens" },
    stopEndpoint: {
      type: "string",
      default: defaultStopEndpoint,
      description: "where the supervisor listens for stops",
    },
    policy: { type: "string", description: "bundle that the robot was built for" },
    ...connectOptions,
    supervisorPeer: {
      type: "string",
      description: "NAME.public.json of the supervisor, where that wants keys",
    },
    ...jsonOption,
  },
  async run({ options, report }) {
    const { endpoint, stopEndpoint, policy } = options;
    const manifest = policy === undefined ? undefined : readBundle(policy).manifest;
    const findings = await examine({ endpoint, stopEndpoint, manifest, ...keysFor(options) });
    report(findings, () =>
      formatTable(
        [{ title: "" }, { title: "check" }, { title: "found" }],
        findings.flatMap(({ check, verdict, found, mend }) => [
          [marks[verdict], check, found],
          ...(mend === "" ? [] : [["", "", `-> ${mend}`]]),
        ]),
      ),
    );
    const bad = findings.filter(({ verdict }) => verdict === "bad").length;
    if (bad > 0) throw new WireError(`${bad} of ${findings.length} checks failed; see above.`);
  },
});

/** The own keys with those of the policy, of the supervisor, or of both. */
function keysFor(options: {
  readonly keys: string | undefined;
  readonly peer: string | undefined;
  readonly supervisorPeer: string | undefined;
}) {
  const { keys, peer, supervisorPeer } = options;
  if (supervisorPeer === undefined) return connectorKeys({ keys, peer });
  const supervisor = connectorKeys({ keys, peer: supervisorPeer }, "--supervisorPeer");
  const policy = peer === undefined ? {} : connectorKeys({ keys, peer });
  return { ...policy, supervisorKeys: supervisor.keys };
}
