import { spawn } from "node:child_process";
import path from "node:path";
import { describe, expect, it } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const main = path.join(root, "cli", "main.ts");
const slow = path.join(import.meta.dirname, "slow-command.ts");

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a script as a process; `onOut` sees everything written so far, each time there is more. */
function run(
  script: string,
  words: readonly string[],
  onOut?: (out: string, child: ReturnType<typeof spawn>) => void,
): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", script, ...words], { cwd: root });
  let [out, err] = ["", ""];
  child.stdout.on("data", (data) => {
    out += data;
    onOut?.(out, child);
  });
  child.stderr.on("data", (data) => {
    err += data;
    onOut?.(out + err, child);
  });
  return new Promise((resolve) => child.on("close", (code) => resolve({ code, out, err })));
}

describe("the process", () => {
  it("says in one sentence what is wrong, on stderr, and exits with 1", async () => {
    const { code, out, err } = await run(main, ["scenez"]);
    expect(err).toMatch(/^Unknown command "scenez"\. Did you mean "scenes"\? Commands: .*\.\n$/);
    expect([code, out]).toEqual([1, ""]);
  });

  it("shows help and exits with 0", async () => {
    const { code, out, err } = await run(main, ["--help"]);
    expect(out).toContain("Usage: understudy <command>");
    expect([code, err]).toEqual([0, ""]);
  });

  it("lets a command finish after the first Ctrl-C, and exits with 130", async () => {
    const { code, out } = await run(slow, ["wait"], (seen, child) => {
      if (seen === "waiting\n") child.kill("SIGINT");
    });
    expect([code, out]).toEqual([130, "waiting\nleft whole\n"]);
  });

  it("lets a command finish when its terminal is closed, which is said twice and hears no more", async () => {
    const { code, out } = await run(slow, ["wait", "--slow"], (seen, child) => {
      if (seen !== "waiting\n") return;
      child.stderr?.destroy();
      child.kill("SIGHUP");
      setTimeout(() => child.kill("SIGHUP"), 100);
    });
    expect([code, out]).toEqual([130, "waiting\nleft whole\n"]);
  });

  it("ends at once at the second Ctrl-C", async () => {
    const { code, out } = await run(slow, ["wait", "--stubborn"], (seen, child) => {
      if (seen === "waiting\n" || seen.includes("Stopping")) child.kill("SIGINT");
    });
    expect([code, out]).toEqual([130, "waiting\n"]);
  });

  it("explains errors thrown in a callback the same way", async () => {
    expect(await run(slow, ["late"])).toEqual({
      code: 1,
      out: "",
      err: "Expected a robot, found none.\n",
    });
  });
});
