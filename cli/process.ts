/** The command line as a process: signals, streams and the exit code; the rest is `run.ts`. */

import type { CommandEntry } from "./commands/index.ts";
import { explain, runCommandLine } from "./run.ts";

/** Runs this process's command line and ends the process. */
export async function runProcess(commands: Readonly<Record<string, CommandEntry>>): Promise<void> {
  // a progress bar may stand where a message is about to be written
  const clearLine = process.stderr.isTTY ? "\r\u001b[K" : "";
  const io = {
    out: (text: string) => void process.stdout.write(text),
    err: (text: string) => void process.stderr.write(clearLine + text),
  };
  // thrown in a callback of a socket or a thread, where no command can catch it
  process.on("uncaughtException", (error) => process.exit(explain(error, io)));
  // a reader that has seen enough (`| head`) is no error; a terminal that was closed (EIO) has its own signal
  process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => {
    if (code !== "EIO") process.exit(code === "EPIPE" ? 0 : 70);
  });
  // a robot is told its last zeros whether or not anybody reads about it
  process.stderr.on("error", () => {});
  const signal = interruption();
  const code = await runCommandLine(process.argv.slice(2), { commands, io, signal });
  // threads and sockets of a command that failed must not keep the process alive
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}

/** Aborted by the first Ctrl-C, or when the terminal is closed; a second Ctrl-C ends the process there and then. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      // a shell passes it on when its terminal is closed, so it comes twice
      if (interrupted.signal.aborted && name === "SIGHUP") return;
      if (interrupted.signal.aborted) process.exit(130);
      process.stderr.write("\nStopping at the next whole step; once more to stop at once.\n");
      interrupted.abort();
    });
  }
  return interrupted.signal;
}
