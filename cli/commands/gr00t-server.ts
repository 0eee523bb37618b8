/** `understudy gr00t-server --policy DIR`: a bundle behind the protocol of NVIDIA GR00T's clients. */

import { defaultGr00tEndpoint, serveGr00t } from "../../bridge/adapters/gr00t-server.ts";
import { adapterOptions, adapterReport, namesOf, openPolicy, secretOf } from "../adapt.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { untilAborted } from "../until-aborted.ts";

export const gr00tServer = defineCommand({
  examples: [
    ["gr00t-server --policy policies/zoo/push-pair", "for robots with GR00T's PolicyClient"],
    [
      "gr00t-server --policy policies/zoo/push-pair --names layers=front",
      'the robot calls its camera "front"',
    ],
  ],
  options: {
    ...adapterOptions,
    endpoint: { type: "string", default: defaultGr00tEndpoint, description: "where to listen" },
    ...jsonOption,
  },
  async run({ options, signal, io, report }) {
    const token = secretOf(options.secret_file);
    const names = namesOf(options.names);
    const { policy, close } = await openPolicy(options, io);
    try {
      const server = await serveGr00t({
        policy,
        endpoint: options.endpoint,
        names,
        allowOpenPort: options.open,
        log: (line) => io.err(`${line}\n`),
        ...(token === undefined ? {} : { token }),
      });
      await Promise.race([untilAborted(signal), server.ended]);
      await server.close();
      adapterReport(report, server.endpoint, server.report());
    } finally {
      await close();
    }
  },
});
