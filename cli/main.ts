#!/usr/bin/env node
/** `understudy <command>`: signals and streams; the rest is `run.ts`. */

import { commands } from "./commands/index.ts";
import { explain, runCommandLine } from "./run.ts";

const io = {
  out: (text: string) => void process.stdout.write(text),
  err: (text: string) => void process.stderr.write(text),
};
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (interrupted.signal.aborted) process.exit(130);
    process.stderr.write("\nStopping at the next whole step; once more to stop at once.\n");
    interrupted.abort();
  });
}
// thrown in a callback of a socket or a thread, where no command can catch it
process.on("uncaughtException", (error) => process.exit(explain(error, io)));
// a reader that has seen enough (`| head`) is no error
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  process.exit(error.code === "EPIPE" ? 0 : 70);
});

const code = await runCommandLine(process.argv.slice(2), {
  commands,
  signal: interrupted.signal,
  io,
});
// threads and sockets of a command that failed must not keep the process alive
process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
