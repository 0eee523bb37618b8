import { readFileSync } from "node:fs";
import path from "node:path";
import { expect, it } from "vitest";
import { commandOf } from "../../bench/harness.ts";
import { commands } from "../../cli/commands/index.ts";
import { runCommand } from "../cli/run-command.ts";

const folder = path.resolve(import.meta.dirname, "../../bench");

it("lists the scripts that write results, and no others", async () => {
  const { out } = await runCommand(commands, ["bench"]);
  const listed = out.trim().split("\n");
  expect(listed).toContain("physics");
  for (const name of listed) {
    expect(readFileSync(path.join(folder, `${name}.ts`), "utf8"), name).toMatch(/writeResults\(/);
  }
});

it("passes a bench its words", async () => {
  const words = ["bench", "learning", "cross --variants 'no such variant'"];
  const { code, err } = await runCommand(commands, words);
  // the script refuses that variant, and says so on its own standard error
  expect([code, err]).toEqual([1, expect.stringContaining("learning.ts failed with exit code 1")]);
});

it("writes down the command that measures anew, quoted for a shell", () => {
  const script = path.join(folder, "learning.ts");
  expect(commandOf(script, ["cross", "--variants", "last seen,fov+gate"])).toBe(
    "npx tsx bench/learning.ts cross --variants 'last seen,fov+gate'",
  );
});
