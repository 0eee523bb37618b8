/** `understudy dataset check DIR`: is this a LeRobot dataset that its readers can read? */

import { checkDataset, type DatasetReport } from "../../bridge/dataset/check.ts";
import { ConfigError, FileError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { defineCommand, jsonOption } from "../command.ts";
import { formatInteger } from "../format.ts";
import { formatTable } from "../table.ts";

export const dataset = defineCommand({
  examples: [["dataset check runs/pushes", "every file, row and video of a LeRobot dataset"]],
  positionals: ["check", "folder"],
  options: { ...jsonOption },
  async run({ positionals: [word, folder], report }) {
    if (word !== "check") {
      const found = word === undefined ? "nothing" : `"${word}"`;
      throw new ConfigError(
        `"dataset" needs "check" and a folder, got ${found}.${didYouMean(word ?? "", ["check"])}`,
      );
    }
    if (folder === undefined) {
      throw new ConfigError('"dataset check" needs the folder of a dataset, got nothing.');
    }
    const found = await checkDataset(folder);
    report({ folder, ...found }, () => table(folder, found));
    const { length } = found.problems;
    if (length === 0) return;
    throw new FileError(
      `"${folder}" is not whole: ${length} ${length === 1 ? "problem" : "problems"}, the first: ${found.problems[0]}`,
    );
  },
});

function table(
  folder: string,
  { episodes, frames, tasks, features, problems }: DatasetReport,
): string {
  const facts = formatTable(
    [{ title: "dataset" }, { title: folder }],
    [
      ["episodes", formatInteger(episodes)],
      ["frames", formatInteger(frames)],
      ["tasks", tasks.join("; ")],
      ["features", features.join(", ")],
      ["problems", formatInteger(problems.length)],
    ],
  );
  return problems.length === 0 ? facts : `${facts}\n${problems.join("\n")}\n`;
}
