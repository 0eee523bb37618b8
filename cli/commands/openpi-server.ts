/** `understudy openpi-server --policy DIR`: a bundle behind the protocol of openpi's clients. */

import { serveOpenpi } from "../../bridge/adapters/openpi-server.ts";
import { adapterOptions, adapterReport, namesOf, openPolicy, secretOf } from "../adapt.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { untilAborted } from "../until-aborted.ts";

export const openpiServer = defineCommand({
  examples: [
    ["openpi-server --policy policies/zoo/push-pair", "for robots with openpi's client"],
    [
      "openpi-server --policy policies/zoo/push-pair --names layers=image",
      'the robot sends "observation/image"',
    ],
  ],
  options: {
    ...adapterOptions,
    host: { type: "string", default: "127.0.0.1", description: "address to listen at" },
    port: {
      type: "number",
      integer: true,
      min: 0,
      max: 65_535,
      default: 8000,
      description: "where to listen; 0 takes a free port",
    },
    ...jsonOption,
  },
  async run({ options, signal, io, report }) {
    const apiKey = secretOf(options.secret_file);
    const names = namesOf(options.names);
    const { policy, close } = await openPolicy(options, io);
    try {
      const server = await serveOpenpi({
        policy,
        host: options.host,
        port: options.port,
        names,
        allowOpenPort: options.open,
        log: (line) => io.err(`${line}\n`),
        ...(apiKey === undefined ? {} : { apiKey }),
      });
      await untilAborted(signal);
      await server.close();
      adapterReport(report, server.endpoint, server.report());
    } finally {
      await close();
    }
  },
});
